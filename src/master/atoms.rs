//! A product text taken apart into atoms: numbers with their unit, words, and runs of Chinese characters.

use super::text::{is_han, simple};
use super::units::{self, Length};
use rust_decimal::Decimal;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

/// One part of a text that has to agree with a product. Two numbers are the same when their keys are: 18cm and 180mm.
#[derive(Debug, Clone)]
pub enum Atom {
    /// `key` is canonical (`180mm`, `5#`, `50x90mm`, `580`), `bare` the figures as written, without unit.
    Number { key: String, bare: String },
    /// A word or code in Latin or another alphabet, singular.
    Word(String),
    /// Chinese characters that stand together.
    Run(String),
}

impl Atom {
    fn identity(&self) -> (u8, &str) {
        match self {
            Self::Number { key, .. } => (0, key),
            Self::Word(word) => (1, word),
            Self::Run(run) => (2, run),
        }
    }
}

impl PartialEq for Atom {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Atom {}

impl Hash for Atom {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

/// Trade words and what product names call them.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Longest first.
    han: Vec<(String, String)>,
    latin: HashMap<String, String>,
}

/// Characters of a product text that are looked at; nobody describes one product at greater length.
pub const LONGEST: usize = 600;

/// Characters that name a colour by themselves; 色 behind one of them adds nothing.
pub(super) const COLOURS: &str = "黑白红橙黄绿青蓝紫灰银金棕咖粉米";

impl Words {
    /// The words that ship, and the firm's own, which win.
    #[must_use]
    pub fn new(own: impl IntoIterator<Item = (String, String)>) -> Self {
        let shipped = include_str!("words.txt").lines().filter(|line| !line.starts_with('#'));
        let shipped = shipped.filter_map(|line| line.split_once('='));
        let mut all: HashMap<String, String> =
            shipped.map(|(word, means)| (simple(word), simple(means))).collect();
        all.extend(own.into_iter().map(|(word, means)| (simple(&word), simple(&means))));
        let (mut han, mut latin) = (Vec::new(), HashMap::new());
        for (word, means) in all.into_iter().filter(|(word, means)| word != means && !word.is_empty()) {
            if word.chars().any(is_han) {
                han.push((word, means));
            } else {
                latin.insert(word, means);
            }
        }
        han.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        Self { han, latin }
    }

    /// The atoms of a text, in its order, each once; of what is longer than [`LONGEST`], those of its beginning.
    #[must_use]
    pub fn atoms(&self, text: &str) -> Vec<Atom> {
        let mut text = simple(&text.chars().take(LONGEST).collect::<String>());
        for (word, means) in &self.han {
            if text.contains(word.as_str()) {
                let means = if means.is_empty() { " " } else { means.as_str() };
                text = text.replace(word.as_str(), means);
            }
        }
        let mut scan = Scan { words: self, chars: text.chars().collect(), at: 0, atoms: Vec::new() };
        scan.all();
        scan.atoms
    }
}

/// One number of a text with what stands behind it.
struct Figure {
    bare: String,
    value: Decimal,
    unit: String,
}

struct Scan<'a> {
    words: &'a Words,
    chars: Vec<char>,
    at: usize,
    atoms: Vec<Atom>,
}

impl Scan<'_> {
    fn all(&mut self) {
        while let Some(c) = self.peek(0) {
            if c.is_ascii_digit() {
                self.figures(false);
            } else if c == '#' && self.peek(1).is_some_and(|next| next.is_ascii_digit()) {
                self.at += 1;
                self.figures(true);
            } else if is_han(c) {
                self.run();
            } else if c.is_alphanumeric() {
                self.word();
            } else {
                self.at += 1;
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn push(&mut self, atom: Atom) {
        if !self.atoms.contains(&atom) {
            self.atoms.push(atom);
        }
    }

    /// One number or several joined by × : `18cm`, `5×9cm`, `120g×30袋`.
    fn figures(&mut self, numbered: bool) {
        let mut figures: Vec<Figure> = self.figure().into_iter().collect();
        if numbered
            && let Some(first) = figures.first_mut()
            && first.unit.is_empty()
        {
            first.unit = "#".to_owned();
        }
        while let Some(skip) = self.times() {
            let here = self.at;
            self.at += skip;
            match self.figure() {
                Some(figure) => figures.push(figure),
                None => {
                    self.at = here;
                    break;
                }
            }
        }
        if figures.len() > 1
            && let Some(atom) = dimensions(&figures)
        {
            self.push(atom);
            return;
        }
        for figure in figures {
            self.push(single(&figure));
        }
    }

    /// How many characters `×`, `*` or `x` and the blanks around it take, when a digit follows.
    fn times(&self) -> Option<usize> {
        let blanks = |from: usize| (from..).take_while(|n| self.peek(*n) == Some(' ')).count();
        let before = blanks(0);
        if !matches!(self.peek(before), Some('x' | '×' | '*')) {
            return None;
        }
        let all = before + 1 + blanks(before + 1);
        self.peek(all).is_some_and(|c| c.is_ascii_digit()).then_some(all)
    }

    fn figure(&mut self) -> Option<Figure> {
        let start = self.at;
        let mut point = false;
        while let Some(c) = self.peek(0) {
            let fraction = c == '.' && !point && self.peek(1).is_some_and(|next| next.is_ascii_digit());
            if !c.is_ascii_digit() && !fraction {
                break;
            }
            point |= fraction;
            self.at += 1;
        }
        let text: String = self.chars[start..self.at].iter().collect();
        let value = Decimal::from_str_exact(&text).ok()?.normalize();
        let unit = self.unit();
        Some(Figure { bare: value.to_string(), value, unit })
    }

    /// The unit behind a number; letters must touch it unless they are a known measure.
    fn unit(&mut self) -> String {
        let rest: String = self.chars[self.at..].iter().take(12).collect();
        match units::behind_number(&rest) {
            Some((taken, unit)) => {
                self.at += taken;
                unit
            }
            None => String::new(),
        }
    }

    fn run(&mut self) {
        let mut run = String::new();
        while let Some(c) = self.peek(0).filter(|c| is_han(*c)) {
            if !(c == '色' && run.chars().last().is_some_and(|before| COLOURS.contains(before))) {
                run.push(c);
            }
            self.at += 1;
        }
        self.push(Atom::Run(run));
    }

    fn word(&mut self) {
        let start = self.at;
        if self.peek(0) == Some('x') && self.peek(1).is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
            return;
        }
        while self.peek(0).is_some_and(|c| c.is_alphanumeric() && !is_han(c)) {
            self.at += 1;
        }
        let word: String = self.chars[start..self.at].iter().collect();
        if word == "x" || (word == "no" && self.numbered()) {
            return;
        }
        let singular = singular(&word);
        let means = self.words.latin.get(&word).or_else(|| self.words.latin.get(singular));
        match means {
            Some(means) => {
                let means: Vec<String> =
                    means.split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect();
                means.iter().for_each(|word| self.push(Atom::Word(singular_owned(word))));
            }
            None => self.push(Atom::Word(singular.to_owned())),
        }
    }

    /// `no. 8`: a number behind `no` is a size.
    fn numbered(&mut self) -> bool {
        let skip = (0..).take_while(|n| matches!(self.peek(*n), Some('.' | ' '))).count();
        let found = self.peek(skip).is_some_and(|c| c.is_ascii_digit());
        if found {
            self.at += skip;
            self.figures(true);
        }
        found
    }
}

fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && word.is_ascii() && !stem.ends_with('s') => stem,
        Some(_) | None => word,
    }
}

fn singular_owned(word: &str) -> String {
    singular(word).to_owned()
}

fn single(figure: &Figure) -> Atom {
    let key = match units::length(&figure.unit) {
        Some(Length { millimetres }) => match figure.value.checked_mul(millimetres) {
            Some(value) => format!("{}mm", value.normalize()),
            None => format!("{}{}", figure.bare, figure.unit),
        },
        None => {
            let (value, unit) = units::canonical(figure.value, &figure.unit);
            format!("{}{unit}", value.normalize())
        }
    };
    Atom::Number { key, bare: figure.bare.clone() }
}

/// `20×15×6cm` as one atom; none when the parts are of different kinds (`120g×30袋`).
fn dimensions(figures: &[Figure]) -> Option<Atom> {
    let unit = figures.last().map(|figure| figure.unit.as_str())?;
    if figures.iter().any(|figure| !figure.unit.is_empty() && figure.unit != unit) {
        return None;
    }
    let bare = figures.iter().map(|figure| figure.bare.as_str()).collect::<Vec<_>>().join("x");
    if unit.is_empty() {
        return Some(Atom::Number { key: bare.clone(), bare });
    }
    let millimetres = units::length(unit)?.millimetres;
    let sides: Option<Vec<String>> = figures
        .iter()
        .map(|figure| figure.value.checked_mul(millimetres).map(|side| side.normalize().to_string()))
        .collect();
    Some(Atom::Number { key: format!("{}mm", sides?.join("x")), bare })
}
