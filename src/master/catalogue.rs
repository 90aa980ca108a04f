//! The words of all product names, indexed: which products agree with every atom of a text.

use super::atoms::{Atom, COLOURS, Words};
use super::tables::Product;
use std::collections::HashMap;

/// How one product agrees with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fit {
    /// Place of the product in the table.
    pub product: u32,
    /// The text has the whole name and nothing that the product has not.
    pub whole: bool,
}

/// Places of atoms, ascending, each once.
type Ids = Box<[u32]>;

/// What is known of a product's text.
#[derive(Debug, Default)]
struct Entry {
    /// Atoms of the name, and of the English name.
    name: Ids,
    name_en: Ids,
    /// Atoms of everything that is said of it.
    all: Ids,
}

/// The index. Look-ups cost what the rarest atom's list costs.
#[derive(Debug, Default)]
pub struct Catalogue {
    words: Words,
    ids: HashMap<Atom, u32>,
    atoms: Vec<Atom>,
    entries: Vec<Entry>,
    /// Products by required key, ascending.
    postings: HashMap<Key, Vec<u32>>,
}

/// What a product must have to agree with an atom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Exact(String),
    Bare(String),
    Pair(char, char),
}

impl Catalogue {
    #[must_use]
    pub fn new(products: &[Product], words: Words) -> Self {
        let mut catalogue = Self { words, ..Self::default() };
        // Categories and units are few: their atoms are kept.
        let mut kept: HashMap<&str, Ids> = HashMap::new();
        for (at, product) in products.iter().enumerate() {
            let name = catalogue.intern(&product.name);
            let name_en = catalogue.intern(product.name_en.as_deref().unwrap_or(""));
            let spec = catalogue.intern(product.spec.as_deref().unwrap_or(""));
            let mut all = [name.as_ref(), &name_en, &spec].concat();
            for text in [product.category.as_str(), &product.unit] {
                all.extend_from_slice(kept.entry(text).or_insert_with(|| catalogue.intern(text)));
            }
            catalogue.add(u32::try_from(at).unwrap_or(u32::MAX), Entry { name, name_en, all: sorted(all) });
        }
        catalogue
    }

    fn add(&mut self, at: u32, entry: Entry) {
        for id in &entry.all {
            for key in keys_of(&self.atoms[*id as usize]) {
                let list = self.postings.entry(key).or_default();
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
        }
        self.entries.push(entry);
    }

    fn intern(&mut self, text: &str) -> Ids {
        let mut ids = Vec::new();
        for atom in self.words.atoms(text) {
            let next = u32::try_from(self.atoms.len()).unwrap_or(u32::MAX);
            let id = *self.ids.entry(atom.clone()).or_insert(next);
            if id == next {
                self.atoms.push(atom);
            }
            ids.push(id);
        }
        sorted(ids)
    }

    /// The atoms of a text, as this catalogue's words have them.
    #[must_use]
    pub fn atoms(&self, text: &str) -> Vec<Atom> {
        self.words.atoms(text)
    }

    /// Whether any product has it.
    #[must_use]
    pub fn knows(&self, atom: &Atom) -> bool {
        self.ids.contains_key(atom) || required(atom).is_some_and(|key| self.postings.contains_key(&key))
    }

    /// Whether the product has this atom: as such, or as part of its words.
    #[must_use]
    pub fn agrees(&self, product: u32, atom: &Atom) -> bool {
        self.entries.get(product as usize).is_some_and(|entry| self.holds(entry, atom))
    }

    /// Whether the product says numbers of this unit, but not this one: 60cm where the text has 65cm.
    #[must_use]
    pub fn denies(&self, product: u32, atom: &Atom) -> bool {
        let Atom::Number { key, .. } = atom else { return false };
        let unit = unit_of(key);
        let Some(entry) = self.entries.get(product as usize) else { return false };
        let same = |id: &u32| match &self.atoms[*id as usize] {
            Atom::Number { key: other, .. } => unit_of(other) == unit,
            Atom::Word(_) | Atom::Run(_) => false,
        };
        !unit.is_empty() && !self.holds(entry, atom) && entry.all.iter().any(same)
    }

    /// All products that agree with every atom, in table order; at most `limit`. None are found for a text that has
    /// nothing to look for (a lone colour, say).
    #[must_use]
    pub fn search(&self, atoms: &[Atom], limit: usize) -> Vec<Fit> {
        let mut lists = Vec::new();
        for key in atoms.iter().filter_map(required) {
            let Some(list) = self.postings.get(&key) else { return Vec::new() };
            lists.push(list.as_slice());
        }
        lists.sort_by_key(|list| list.len());
        let Some((first, others)) = lists.split_first() else { return Vec::new() };
        let mut found = Vec::new();
        for product in
            first.iter().filter(|product| others.iter().all(|list| list.binary_search(product).is_ok()))
        {
            if let Some(fit) = self.fit(*product, atoms) {
                found.push(fit);
                if found.len() == limit {
                    break;
                }
            }
        }
        found
    }

    fn fit(&self, product: u32, atoms: &[Atom]) -> Option<Fit> {
        let entry = self.entries.get(product as usize)?;
        if !atoms.iter().all(|atom| self.holds(entry, atom)) {
            return None;
        }
        let said = self.said(atoms);
        let within = |these: &[u32], those: &[u32]| these.iter().all(|id| those.binary_search(id).is_ok());
        let exact = said.len() == atoms.len() && within(&said, &entry.all);
        let has = |name: &Ids| !name.is_empty() && within(name, &said);
        Some(Fit { product, whole: exact && (has(&entry.name) || has(&entry.name_en)) })
    }

    /// Whether the text says, word for word, everything in which `one` differs from `other`: 古铜 and not 青古铜.
    #[must_use]
    pub fn told_apart(&self, atoms: &[Atom], one: u32, other: u32) -> bool {
        let (Some(one), Some(other)) = (self.entries.get(one as usize), self.entries.get(other as usize))
        else {
            return false;
        };
        let said = self.said(atoms);
        let tells = |one: &Ids, other: &Ids| {
            let mut own = one.iter().filter(|id| other.binary_search(id).is_err()).peekable();
            own.peek().is_some() && own.all(|id| said.binary_search(id).is_ok())
        };
        tells(&one.name, &other.name) || tells(&one.name_en, &other.name_en)
    }

    /// The atoms of a text that products have as such.
    fn said(&self, atoms: &[Atom]) -> Ids {
        sorted(atoms.iter().filter_map(|atom| self.ids.get(atom).copied()).collect())
    }

    fn holds(&self, entry: &Entry, atom: &Atom) -> bool {
        if self.ids.get(atom).is_some_and(|id| entry.all.binary_search(id).is_ok()) {
            return true;
        }
        let own = || entry.all.iter().map(|id| &self.atoms[*id as usize]);
        match atom {
            Atom::Word(_) => false,
            Atom::Number { key, bare } if key != bare => false,
            Atom::Number { bare, .. } => {
                own().any(|other| matches!(other, Atom::Number { bare: figures, .. } if figures == bare))
            }
            Atom::Run(run) => {
                let runs: Vec<&str> = own().filter_map(run_of).collect();
                composed(run, &runs)
            }
        }
    }
}

fn sorted(mut ids: Vec<u32>) -> Ids {
    ids.sort_unstable();
    ids.dedup();
    ids.into()
}

fn run_of(atom: &Atom) -> Option<&str> {
    match atom {
        Atom::Run(run) => Some(run),
        Atom::Number { .. } | Atom::Word(_) => None,
    }
}

fn unit_of(key: &str) -> String {
    let sides = key.matches('x').count();
    let unit = key.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == 'x');
    if unit.is_empty() { String::new() } else { format!("{unit}{sides}") }
}

/// Every key under which a product with this atom is found.
fn keys_of(atom: &Atom) -> Vec<Key> {
    match atom {
        Atom::Number { key, bare } => vec![Key::Exact(key.clone()), Key::Bare(bare.clone())],
        Atom::Word(word) => vec![Key::Exact(word.clone())],
        Atom::Run(run) => {
            let chars: Vec<char> = run.chars().collect();
            chars.windows(2).map(|pair| Key::Pair(pair[0], pair[1])).collect()
        }
    }
}

/// The key that a product must have to agree with the atom; none where it can't be said from the atom alone.
fn required(atom: &Atom) -> Option<Key> {
    match atom {
        Atom::Number { key, bare } if key == bare => Some(Key::Bare(bare.clone())),
        Atom::Number { key, .. } => Some(Key::Exact(key.clone())),
        Atom::Word(word) => Some(Key::Exact(word.clone())),
        Atom::Run(run) => {
            let mut chars = run.chars();
            let (first, second) = (chars.next()?, chars.next()?);
            (!COLOURS.contains(first)).then_some(Key::Pair(first, second))
        }
    }
}

/// Characters of a run that are laid out of pieces; longer ones are prose.
const LONGEST_RUN: usize = 40;

/// Whether a run of characters can be laid out of pieces of a product's runs: pieces of two characters or more, a lone
/// colour, or a shortened word (四眼扣 for 四眼纽扣).
fn composed(run: &str, own: &[&str]) -> bool {
    let chars: Vec<char> = run.chars().collect();
    if chars.len() > LONGEST_RUN {
        return false;
    }
    let mut reached = vec![false; chars.len() + 1];
    reached[0] = true;
    for from in 0..chars.len() {
        if !reached[from] {
            continue;
        }
        for to in from + 1..=chars.len() {
            let piece: String = chars[from..to].iter().collect();
            let long = to - from >= 2;
            let whole = own.iter().any(|run| if long { run.contains(&piece) } else { *run == piece });
            let colour =
                !long && COLOURS.contains(chars[from]) && own.iter().any(|run| run.contains(chars[from]));
            if whole || colour || own.iter().any(|run| shortened(&chars[from..to], run)) {
                reached[to] = true;
            }
        }
    }
    reached[chars.len()]
}

/// Two or more characters of a run that stand together, and its last one.
fn shortened(piece: &[char], run: &str) -> bool {
    let Some((last, head)) = piece.split_last().filter(|(_, head)| head.len() >= 2) else { return false };
    let head: String = head.iter().collect();
    run.ends_with(*last) && run.find(&head).is_some_and(|at| at + head.len() < run.len())
}
