//! Which product a line means: our SKU, the customer's own part or wording, a barcode, a name, or its words taken together.

use super::text;
use crate::learn::Lessons;
use crate::master::Master;
use crate::master::atoms::{Atom, LONGEST};
use crate::order::draft::{DraftLine, Evidence};
use serde::Serialize;

/// How a product was found; the words it is proven by are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Our SKU is printed.
    Sku,
    /// The customer's own part number or wording.
    Alias,
    Barcode,
    /// The text is the product's whole name, in any order of words.
    Name,
    /// Every word of the text agrees with this product and with no other.
    Text,
    /// A person said of an earlier order that this customer means it.
    Taught,
}

impl How {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::Alias => "alias",
            Self::Barcode => "barcode",
            Self::Name => "name",
            Self::Text => "text",
            Self::Taught => "taught",
        }
    }
}

/// What a line's product was found to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct LineMatch {
    pub sku: Option<String>,
    pub how: Option<How>,
    /// Products that fit equally well, or contradict each other; then none is taken.
    pub candidates: Vec<String>,
}

/// More products than this are not looked at: the text says too little.
const MOST: usize = 64;
/// Candidates named to the person who decides.
const SHOWN: usize = 8;

/// By what the customer's word for a line's product is remembered.
#[must_use]
pub fn name_of(line: &DraftLine) -> Option<String> {
    Said::new(line).name()
}

/// Whose words a line's are, and what is known of them.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) master: &'a Master,
    pub(super) lessons: &'a Lessons,
    pub(super) customer: Option<&'a str>,
}

/// `changes`: the part changes an order, so that a text may contradict the part number whose line it changes.
pub(super) fn find(known: Known<'_>, line: &DraftLine, changes: bool) -> LineMatch {
    let Known { master, customer, .. } = known;
    if let Some(keyed) = keyed(master, customer, line) {
        return keyed;
    }
    let said = Said::new(line);
    let named = named(master, customer, &said);
    let found = by_master(master, &said, &named, changes);
    // A part that is known, and that the text contradicts, is for a person to look at, whatever was taught.
    if found.sku.is_some() || !named.is_empty() { found } else { taught(known, &said).unwrap_or(found) }
}

/// What the customer's earlier orders taught, where the master data say nothing, and nothing in the line speaks against it.
fn taught(Known { master, lessons, customer }: Known<'_>, said: &Said) -> Option<LineMatch> {
    let product = master.product(lessons.sku(customer?, &said.name()?)?)?;
    let rest = if said.part.is_some() { said.text() } else { String::new() };
    if contradictions(master, &product.sku, &master.catalogue().atoms(&rest)).is_some() {
        return None;
    }
    Some(LineMatch { sku: Some(product.sku.clone()), how: Some(How::Taught), candidates: Vec::new() })
}

fn by_master(master: &Master, said: &Said, named: &[Named<'_>], changes: bool) -> LineMatch {
    let mut skus: Vec<&str> = Vec::new();
    for (_, sku, _) in named {
        if !skus.contains(sku) {
            skus.push(sku);
        }
    }
    let (sku, how) = match (skus.as_slice(), named.first()) {
        ([sku], Some((how, _, _))) => (*sku, *how),
        ([], _) | (_, None) => return by_text(master, &said.text()),
        (several, Some(_)) => return LineMatch::unsure(several.iter().map(|sku| (*sku).to_owned())),
    };
    let used: Vec<&str> = named.iter().flat_map(|(_, _, used)| used).map(String::as_str).collect();
    let rest = said.without(&used);
    let Some(rivals) = contradictions(master, sku, &master.catalogue().atoms(&rest)) else {
        return LineMatch { sku: Some(sku.to_owned()), how: Some(how), candidates: Vec::new() };
    };
    let by_text = by_text(master, &rest);
    if changes && by_text.sku.is_some() {
        return by_text;
    }
    LineMatch::unsure(std::iter::once(sku.to_owned()).chain(rivals))
}

impl LineMatch {
    fn unsure(candidates: impl Iterator<Item = String>) -> Self {
        Self { candidates: candidates.take(SHOWN).collect(), ..Self::default() }
    }
}

/// The texts of a line.
struct Said {
    part: Option<String>,
    description: Option<String>,
    spec: Option<String>,
    color: Option<String>,
}

impl Said {
    fn new(line: &DraftLine) -> Self {
        Self {
            part: text(&line.customer_part),
            description: text(&line.description),
            spec: text(&line.spec),
            color: text(&line.color),
        }
    }

    /// Description, spec and colour; a lone part number is looked at as a text, too.
    fn text(&self) -> String {
        let said = [&self.description, &self.spec, &self.color].into_iter().flatten();
        let said = said.map(String::as_str).collect::<Vec<_>>().join(" ");
        if said.is_empty() { self.part.clone().unwrap_or_default() } else { said }
    }

    /// By what the customer's word for a product is remembered: his part number, else all that the line says of it.
    fn name(&self) -> Option<String> {
        let said: Vec<&str> =
            [&self.description, &self.spec, &self.color].into_iter().flatten().map(String::as_str).collect();
        let name = self.part.clone().unwrap_or_else(|| said.join(" "));
        (name.chars().count() > 1).then_some(name)
    }

    /// The text without the words that already named the product.
    fn without(&self, used: &[&str]) -> String {
        let columns = [&self.description, &self.spec, &self.color].into_iter().flatten();
        let rest = columns.filter(|column| !used.contains(&column.as_str()));
        let rest = rest.map(String::as_str).collect::<Vec<_>>().join(" ");
        used.iter().fold(rest, |rest, word| rest.replace(word, " "))
    }

    /// What may be a part number or wording of the customer's: the columns that make up each.
    fn keys(&self) -> Vec<Vec<String>> {
        let (d, s, c) = (&self.description, &self.spec, &self.color);
        let columns: [&[&Option<String>]; 6] =
            [&[&self.part], &[d], &[d, s], &[d, c], &[d, s, c], &[d, c, s]];
        let said = columns.into_iter().filter_map(|parts| parts.iter().map(|part| (*part).clone()).collect());
        said.chain(self.codes().map(|code| vec![code])).collect()
    }

    /// Single words with a digit in them: part numbers, SKUs and barcodes within a text.
    fn codes(&self) -> impl Iterator<Item = String> {
        let all = [&self.part, &self.description, &self.spec].into_iter().flatten();
        let words = all
            .flat_map(|text| text.split(|c: char| c.is_whitespace() || ",，;；()（）[]【】:：".contains(c)));
        words.filter(|word| word.len() >= 4 && word.contains(|c: char| c.is_ascii_digit())).map(str::to_owned)
    }
}

/// How a product is named, its SKU, and the words that name it.
type Named<'m> = (How, &'m str, Vec<String>);

/// Every product that the line names outright, with the words that name it.
fn named<'m>(master: &'m Master, customer: Option<&str>, said: &Said) -> Vec<Named<'m>> {
    let mut named = Vec::new();
    let part = said.part.clone().filter(|part| part.chars().count() > 1);
    for code in part.into_iter().chain(said.codes()) {
        if let Some(product) = master.product(&code) {
            named.push((How::Sku, product.sku.as_str(), vec![code]));
        } else if is_barcode(&code)
            && let Some(product) = master.product_by_barcode(&code)
        {
            named.push((How::Barcode, product.sku.as_str(), vec![code]));
        }
    }
    let Some(customer) = customer else { return named };
    for columns in said.keys() {
        if let Some(product) = master.product_by_alias(customer, &columns.join(" ")) {
            named.push((How::Alias, product.sku.as_str(), columns));
        }
    }
    named
}

/// GTIN-8 to GTIN-14 (GS1 General Specifications): digits only, the last one checks the others.
pub(in crate::check) fn is_barcode(code: &str) -> bool {
    let digits: Option<Vec<u32>> = code.chars().map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| matches!(digits.len(), 8 | 12 | 13 | 14)) else { return false };
    let weighted =
        digits.iter().rev().enumerate().map(|(at, digit)| if at % 2 == 1 { digit * 3 } else { *digit });
    weighted.sum::<u32>() % 10 == 0
}

/// Whether the rest of the text speaks against the product that was named, and the products that it speaks for.
fn contradictions(master: &Master, sku: &str, atoms: &[Atom]) -> Option<Vec<String>> {
    let catalogue = master.catalogue();
    let named = master.place_of(sku)?;
    let (agreed, others): (Vec<Atom>, Vec<Atom>) =
        atoms.iter().cloned().partition(|atom| catalogue.agrees(named, atom));
    for atom in others {
        let denied = catalogue.denies(named, &atom);
        let mut both = agreed.clone();
        both.push(atom);
        let rivals = catalogue.search(&both, SHOWN);
        if denied || !rivals.is_empty() {
            let products = rivals.iter().filter_map(|fit| master.product_at(fit.product));
            return Some(products.map(|product| product.sku.clone()).collect());
        }
    }
    None
}

/// A part number or SKU that a person keyed: he has seen the text beside it.
fn keyed(master: &Master, customer: Option<&str>, line: &DraftLine) -> Option<LineMatch> {
    let part = line.customer_part.as_ref().filter(|part| part.evidence == Evidence::Keyed)?;
    let part = part.value.trim();
    let ours = master.product(part).map(|product| (How::Sku, product));
    let theirs = || Some((How::Alias, master.product_by_alias(customer?, part)?));
    let (how, product) = ours.or_else(theirs)?;
    Some(LineMatch { sku: Some(product.sku.clone()), how: Some(how), candidates: Vec::new() })
}

/// The one product that agrees with every word of the text. Numbers alone mean nothing, and prose no product.
fn by_text(master: &Master, text: &str) -> LineMatch {
    let catalogue = master.catalogue();
    let atoms = &catalogue.atoms(text);
    let worded = atoms.iter().any(|atom| !matches!(atom, Atom::Number { .. }));
    if !worded || text.chars().count() > LONGEST {
        return LineMatch::default();
    }
    let fits = catalogue.search(atoms, MOST);
    let sku = |place: u32| master.product_at(place).map(|product| product.sku.clone());
    let mut whole = fits.iter().filter(|fit| fit.whole);
    let best = match (fits.as_slice(), whole.next(), whole.next()) {
        ([only], _, _) => Some(*only),
        (many, _, _) if many.len() >= MOST => None,
        (_, Some(one), None) => Some(*one),
        (many, _, _) => {
            let beats = |one: u32| {
                many.iter().all(|o| o.product == one || catalogue.told_apart(atoms, one, o.product))
            };
            let mut best = many.iter().filter(|fit| beats(fit.product));
            best.next().copied().filter(|_| best.next().is_none())
        }
    };
    match best {
        Some(fit) => {
            let how = if fit.whole { How::Name } else { How::Text };
            LineMatch { sku: sku(fit.product), how: Some(how), candidates: Vec::new() }
        }
        None => LineMatch::unsure(fits.iter().filter_map(|fit| sku(fit.product))),
    }
}
