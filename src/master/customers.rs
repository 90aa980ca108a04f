//! Customers by what a document may tell of them: code, mail, name, phone.

use super::tables::Customer;
use super::text;
use std::collections::HashMap;

/// The index over the customers' table; answers are places in it.
#[derive(Debug, Default)]
pub(super) struct CustomerIndex {
    by_code: HashMap<String, u32>,
    by_mail: HashMap<String, Vec<u32>>,
    by_domain: HashMap<String, Vec<u32>>,
    by_name: HashMap<String, Vec<u32>>,
    /// By the last eight digits.
    by_phone: HashMap<String, Vec<u32>>,
    /// By pairs of characters of the name.
    by_pair: HashMap<(char, char), Vec<u32>>,
    names: Vec<[String; 2]>,
}

/// Digits of a phone number that have to agree.
const PHONE_DIGITS: usize = 8;

impl CustomerIndex {
    pub(super) fn new(customers: &[Customer]) -> Self {
        let mut index = Self::default();
        for (at, customer) in customers.iter().enumerate() {
            index.add(u32::try_from(at).unwrap_or(u32::MAX), customer);
        }
        index
    }

    fn add(&mut self, at: u32, customer: &Customer) {
        fn put<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Vec<u32>>, key: K, at: u32) {
            let places = map.entry(key).or_default();
            if places.last() != Some(&at) {
                places.push(at);
            }
        }
        self.by_code.insert(text::squeezed(&customer.code), at);
        for contact in &customer.contacts {
            put(&mut self.by_mail, contact.mail.clone(), at);
        }
        for domain in &customer.mail_domains {
            put(&mut self.by_domain, domain.clone(), at);
        }
        let names = [text::firm(&customer.name), text::firm(customer.name_en.as_deref().unwrap_or(""))];
        for name in names.iter().filter(|name| !name.is_empty()) {
            put(&mut self.by_name, name.clone(), at);
            for pair in pairs(name) {
                put(&mut self.by_pair, pair, at);
            }
        }
        self.names.push(names);
        let more = customer.phones.iter().chain(&customer.fax_numbers);
        for number in [&customer.phone, &customer.fax].into_iter().flatten().chain(more) {
            if let Some(last) = last_digits(&text::phone(number)) {
                put(&mut self.by_phone, last, at);
            }
        }
    }

    pub(super) fn code(&self, code: &str) -> Option<u32> {
        self.by_code.get(&text::squeezed(code)).copied()
    }

    pub(super) fn mail(&self, address: &str) -> &[u32] {
        self.by_mail.get(&address.to_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// By the domain of an address, or one above it.
    pub(super) fn domain(&self, domain: &str) -> &[u32] {
        let domain = domain.to_lowercase();
        let mut rest = domain.as_str();
        loop {
            if let Some(found) = self.by_domain.get(rest) {
                return found;
            }
            match rest.split_once('.') {
                Some((_, above)) if above.contains('.') => rest = above,
                Some(_) | None => return &[],
            }
        }
    }

    pub(super) fn name(&self, name: &str) -> &[u32] {
        self.by_name.get(&text::firm(name)).map_or(&[], Vec::as_slice)
    }

    /// Customers whose name holds this one (蜀味佳 in 成都蜀味佳食品批发部), or differs from it in one character.
    pub(super) fn near(&self, name: &str) -> Vec<u32> {
        let name = text::firm(name);
        let mut shared: HashMap<u32, usize> = HashMap::new();
        let wanted = pairs(&name);
        for pair in &wanted {
            for at in self.by_pair.get(pair).into_iter().flatten() {
                *shared.entry(*at).or_default() += 1;
            }
        }
        let enough = wanted.len().saturating_sub(2).max(1);
        let mut near: Vec<u32> = shared.into_iter().filter(|(_, n)| *n >= enough).map(|(at, _)| at).collect();
        near.retain(|at| self.resembles(*at, &name));
        near.sort_unstable();
        near
    }

    /// Whether a customer may be meant by this name, though it is not his full one.
    pub(super) fn resembles(&self, at: u32, name: &str) -> bool {
        let name = text::firm(name);
        let long = if name.chars().any(text::is_han) { 2 } else { 4 };
        let Some(names) = self.names.get(at as usize).filter(|_| name.chars().count() >= long) else {
            return false;
        };
        names.iter().any(|own| !own.is_empty() && (own.contains(&name) || one_off(own, &name)))
    }

    pub(super) fn phone(&self, number: &str) -> &[u32] {
        let last = last_digits(&text::phone(number));
        last.and_then(|last| self.by_phone.get(&last)).map_or(&[], Vec::as_slice)
    }
}

fn pairs(name: &str) -> Vec<(char, char)> {
    let chars: Vec<char> = name.chars().collect();
    let mut pairs: Vec<(char, char)> = chars.windows(2).map(|pair| (pair[0], pair[1])).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn last_digits(digits: &str) -> Option<String> {
    digits.len().checked_sub(PHONE_DIGITS).map(|from| digits[from..].to_owned())
}

/// Whether two names of some length differ in one character only, as a misread fax has it.
fn one_off(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    if short.len() < 5 || long.len() - short.len() > 1 {
        return false;
    }
    let head = short.iter().zip(long.iter()).take_while(|(x, y)| x == y).count();
    let tail = short.iter().rev().zip(long.iter().rev()).take_while(|(x, y)| x == y).count();
    head + tail + 1 >= long.len()
}
