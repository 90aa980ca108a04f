//! Sure: whether every figure of an order is proven by something independent of the reading. When in doubt, not sure.
//!
//! A wrong quantity, price, product, date or customer in a sure order is the worst failure of all. Proofs and doubts
//! are codes: `customer.address`, `line.1.alias`, `line.1.amount`, `line.1.list_price`, `total`, `total_in_words`.

use super::resolve::How;
use super::{Case, amounts, reading, sums};
use crate::master::units;
use crate::order::document::{Channel, Kind};
use crate::order::draft::{Confidence, DraftLine, DraftOrder};
use crate::order::line::Line;
use crate::order::money::Currency;
use crate::order::problem::{Code, Problem, Severity};
use rust_decimal::Decimal;

/// Whether an order may pass unseen, why, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surety {
    pub sure: bool,
    pub proofs: Vec<String>,
    pub doubts: Vec<String>,
}

/// `problems` are those that the checks found in the same case.
#[must_use]
pub fn sure(case: &Case<'_>, problems: &[Problem]) -> Surety {
    let mut surety = Surety::default();
    let Some(order) = case.draft.order.as_ref().filter(|order| !order.lines.is_empty()) else {
        return Surety { doubts: vec!["lines".to_owned()], ..surety };
    };
    let doubtful = problems.iter().filter(|problem| is_doubt(problem));
    surety.doubts.extend(doubtful.map(|problem| format!("{}:{}", problem.code.as_str(), problem.path)));
    let least = Confidence::new(case.facts.settings.sure_confidence);
    if case.draft.kind != Kind::Order || case.draft.kind_confidence < least {
        surety.doubts.push("kind".to_owned());
    }
    if case.content.po_number.is_none() {
        // Without it nobody could tell the order from the same one sent again.
        surety.doubts.push("po_number".to_owned());
    }
    let weak = reading::decisive(case.draft).filter(|field| field.confidence < least);
    surety.doubts.extend(
        weak.filter(|field| !is_proven_elsewhere(&field.path) && !is_named_by_part(case, order, &field.path))
            .map(|field| format!("confidence:{}", field.path)),
    );
    customer(case, &mut surety);
    let totals = totals(case, order, &mut surety);
    if case.content.lines.len() != order.lines.len() {
        surety.doubts.push("lines".to_owned());
    }
    for (at, (line, printed)) in case.content.lines.iter().zip(&order.lines).enumerate() {
        Position { case, at, line, printed, totals }.prove(&mut surety);
    }
    surety.sure = surety.doubts.is_empty();
    surety
}

/// Problems that speak against the reading; those of credit, stock or price policy do not.
const fn is_doubt(problem: &Problem) -> bool {
    match problem.code {
        Code::Unread
        | Code::Unsure
        | Code::UnknownCustomer
        | Code::UnknownProduct
        | Code::AmbiguousProduct
        | Code::MissingLines
        | Code::MissingQuantity
        | Code::MissingDeliveryDate
        | Code::MissingShipTo
        | Code::MissingTerms
        | Code::MissingCurrency
        | Code::TotalMismatch
        | Code::CurrencyMismatch
        | Code::UnitMismatch
        | Code::DuplicateOf
        | Code::ConflictsWith
        | Code::Amends
        | Code::Cancels
        | Code::SenderNotAuthentic
        | Code::ReplyElsewhere
        | Code::LookalikeDomain
        | Code::FraudSuspected
        | Code::DiscountCodeInvalid => true,
        Code::UnknownSender | Code::MissingPrice | Code::MissingUnit => {
            !matches!(problem.severity, Severity::Note)
        }
        Code::CategoryRule
        | Code::BelowMoq
        | Code::NotPackMultiple
        | Code::PriceBelowFloor
        | Code::PriceNotOnList
        | Code::OverCreditLimit
        | Code::Overdue
        | Code::LeadTimeTooShort
        | Code::PhoneDiffers
        | Code::DiffersFrom
        | Code::ShortOfStock
        | Code::PickupTooSoon
        | Code::MissingVehicle
        | Code::NewShipTo
        | Code::ChangeTooLate
        | Code::MarginTooLow
        | Code::RateMissing
        | Code::CreditAsked
        | Code::UnpaidEarlier
        | Code::MaterialsShort
        | Code::BomUnusable => false,
    }
}

/// Figures may be proven by arithmetic, and the customer is proven by himself; nothing rests on the date of the order.
/// Everything else has to be read well.
fn is_proven_elsewhere(path: &str) -> bool {
    let field = path.rsplit('.').next().unwrap_or(path);
    matches!(path, "customer.name" | "order_date")
        || matches!(field, "quantity" | "unit_price" | "amount" | "total" | "total_in_words")
}

/// A text about goods that are named by their part number, which was read well: whether it says the same was looked at when
/// the product was found.
fn is_named_by_part(case: &Case<'_>, order: &DraftOrder, path: &str) -> bool {
    let named = || {
        let (at, field) = path.strip_prefix("lines.")?.split_once('.')?;
        let at: usize = at.parse().ok().filter(|_| matches!(field, "description" | "spec" | "color"))?;
        let least = Confidence::new(case.facts.settings.sure_confidence);
        let part = order.lines.get(at)?.customer_part.as_ref().filter(|part| part.confidence >= least)?;
        let master = case.facts.master;
        let theirs = || master.product_by_alias(case.content.customer.as_deref()?, &part.value);
        let product = master.product(&part.value).or_else(theirs)?;
        (case.content.lines.get(at)?.sku.as_ref() == Some(&product.sku)).then_some(())
    };
    named().is_some()
}

fn customer(case: &Case<'_>, surety: &mut Surety) {
    let found = &case.resolved.customer;
    let unchanged = found.code.is_some() && found.code == case.content.customer;
    if found.is_certain(case.around.channel) && unchanged && found.against.is_empty() {
        surety.proofs.extend(found.by.iter().map(|by| format!("customer.{}", by.as_str())));
    } else {
        surety.doubts.push("customer".to_owned());
    }
}

/// Whether a printed total agrees with the lines.
fn totals(case: &Case<'_>, order: &DraftOrder, surety: &mut Surety) -> bool {
    let sums = sums::sums(order, case.content.currency.unwrap_or(Currency::CNY));
    let mut agree = false;
    for (name, field) in [("total", &order.total), ("total_in_words", &order.total_in_words)] {
        if field.as_ref().is_some_and(|total| sums.contains(&total.value)) {
            surety.proofs.push(name.to_owned());
            agree = true;
        }
    }
    agree
}

/// One line to be proven.
struct Position<'a> {
    case: &'a Case<'a>,
    at: usize,
    line: &'a Line,
    printed: &'a DraftLine,
    totals: bool,
}

impl Position<'_> {
    fn prove(&self, surety: &mut Surety) {
        let name = |what: &str| format!("line.{}.{what}", self.at + 1);
        let found = self.case.resolved.lines.get(self.at).filter(|found| found.sku == self.line.sku);
        let Some(how) = found.and_then(|found| found.how) else {
            surety.doubts.push(name("product"));
            return;
        };
        let (Some(quantity), Some(price), false) =
            (self.line.quantity, self.line.unit_price, self.line.price_from_list)
        else {
            surety.doubts.push(name("figures"));
            return;
        };
        let (list, standard) = self.prices();
        let on_list = list == Some(price);
        let on_standard = list.is_none() && standard == Some(price);
        let amount = self.amount();
        // What a correction taught was one person's word, perhaps on a name that the customer has for several things.
        let exact = !matches!(how, How::Text | How::Taught);
        let by_sums = amount && self.totals && (exact || on_list || on_standard);
        let by_list = on_list && exact && (amount || self.totals || self.read_surely());
        if !by_sums && !by_list {
            surety.doubts.push(name("figures"));
        }
        if !self.plausible(quantity, price, list.or(standard)) {
            surety.doubts.push(name("plausible"));
        }
        if self.printed.unit.is_none() && !on_list && !on_standard {
            surety.doubts.push(name("unit"));
        }
        surety.proofs.push(name(how.as_str()));
        for (holds, what) in [(amount, "amount"), (on_list, "list_price"), (on_standard, "standard_price")] {
            if holds {
                surety.proofs.push(name(what));
            }
        }
    }

    /// The customer's own and the standard price for one of the line's unit, in the order's currency.
    fn prices(&self) -> (Option<Decimal>, Option<Decimal>) {
        let master = self.case.facts.master;
        let content = self.case.content;
        let customer = content.customer.as_deref().and_then(|code| master.customer(code));
        let customer = customer.filter(|customer| content.currency == Some(customer.currency));
        let list = customer
            .and_then(|customer| amounts::own_price(master, customer, self.line, self.case.around.on));
        let product = self.line.sku.as_deref().and_then(|sku| master.product(sku));
        (list, product.and_then(|product| amounts::standard_price(product, self.line, content.currency)))
    }

    /// Quantity × price is the printed amount.
    fn amount(&self) -> bool {
        let currency = self.case.content.currency.unwrap_or(Currency::CNY);
        let computed = sums::product(self.printed, currency);
        computed.is_some() && computed == self.printed.amount.as_ref().map(|amount| amount.value)
    }

    /// Text, not a picture, and both figures read as well as text can be.
    fn read_surely(&self) -> bool {
        let least = Confidence::new(self.case.facts.settings.sure_confidence);
        let figures = [&self.printed.quantity, &self.printed.unit_price];
        self.case.around.channel == Channel::Mail
            && figures.into_iter().all(|field| field.as_ref().is_some_and(|field| field.confidence >= least))
    }

    /// Not swapped with the price and not of another magnitude: sums alone would not show it.
    fn plausible(&self, quantity: Decimal, price: Decimal, usual: Option<Decimal>) -> bool {
        let band = self.case.facts.settings.price_band;
        let near = usual.is_some_and(|usual| {
            let highest = usual.saturating_mul(band);
            price <= highest && price.saturating_mul(band) >= usual
        });
        let whole = self.line.unit.as_deref().is_none_or(units::is_whole);
        near && price > Decimal::ZERO && quantity > Decimal::ZERO && (!whole || quantity.fract().is_zero())
    }
}

#[cfg(test)]
mod tests {
    use crate::check::desk::{Desk, number, text};
    use crate::master::Master;
    use crate::order::document::{Channel, Kind};
    use crate::order::draft::Confidence;

    /// An order with a total, as `sure` likes it.
    fn desk(lines: &[&str], total: &str) -> Desk {
        let mut desk = Desk::new(lines);
        desk.order().total = number(total);
        desk
    }

    #[test]
    fn figures_are_proven_by_sums_or_by_the_list() {
        for (line, total, doubts) in [
            ("A18||6000|条|0.47|2820", "2820", &[][..]),
            ("A18||6000|条|0.47|2820", "", &[]),
            ("A18||6000|条|0.47|", "2820", &[]),
            ("A18||6000|条|0.47|", "", &[]),
            ("A20||6000|条|0.55|3300", "3300", &[]),
            ("A20||6000|条|0.55|3300", "", &["line.1.figures"]),
            ("A20||6000|条|0.55|", "3300", &["line.1.figures"]),
            ("A20||6000|条|0.60|", "", &["line.1.figures"]),
            ("|5#尼龙闭尾 黑 18cm|6000|条|0.47|2820", "2820", &[]),
            ("|5#尼龙闭尾 黑 18cm|6000|条|0.46|2760", "2760", &["line.1.figures"]),
            ("|5#尼龙闭尾 黑 18cm|6000|条|0.47|2820", "", &["line.1.figures"]),
            ("|5#尼龙闭尾拉链 自动头 黑色580 18cm|6000|条|0.47|", "", &[]),
            ("A18||6000|条||", "", &["line.1.figures"]),
            ("A18||0.47|条|6000|2820", "2820", &["line.1.plausible"]),
            ("A20||0.6|条|6000|3600", "3600", &["line.1.plausible"]),
            ("A20||6000||0.55|3300", "3300", &["line.1.unit"]),
            ("A18||6000||0.47|2820", "2820", &[]),
            ("A18||500|打|5.64|2820", "2820", &[]),
        ] {
            let found = desk(&[line], total).surety();
            assert_eq!(found.doubts, doubts, "{line} {total}");
            assert_eq!(found.sure, doubts.is_empty());
        }
    }

    #[test]
    fn proofs_are_codes() {
        let found = desk(&["A18||6000|条|0.47|2820"], "2820").surety();
        let proofs = [
            "customer.address",
            "customer.domain",
            "customer.name",
            "total",
            "line.1.alias",
            "line.1.amount",
        ];
        assert_eq!(found.proofs[..6], proofs);
        assert_eq!(found.proofs[6..], ["line.1.list_price"]);
    }

    #[test]
    fn a_price_not_printed_or_a_wrong_sum_is_not_sure() {
        let mut wrong = desk(&["A18||6000|条|0.47|2820"], "2280");
        assert_eq!(wrong.surety().doubts, ["total_mismatch:total"]);
        wrong.order().total = None;
        wrong.order().total_in_words = number("2280");
        assert!(!wrong.surety().sure);
        let line = ["A18||6000|条|0.47|2280"];
        assert!(!desk(&line, "2280").surety().sure);
    }

    #[test]
    fn reading_kind_and_number_have_to_be_beyond_doubt() {
        let line = ["A18||6000|条|0.47|2820"];
        type Spoil = fn(&mut Desk);
        let spoil: [(&str, Spoil); 7] = [
            ("kind", |desk| desk.draft.kind_confidence = Confidence::new(899)),
            ("kind", |desk| desk.draft.kind = Kind::Inquiry),
            ("po_number", |desk| desk.order().po_number = None),
            ("confidence:lines.0.customer_part", |desk| {
                let part = desk.order().lines[0].customer_part.as_mut();
                part.unwrap().confidence = Confidence::new(899);
            }),
            ("customer", |desk| desk.order().customer.name = text("石狮市蓝豚泳装有限公司")),
            ("customer", |desk| desk.envelope.from_address = Some("x@nowhere.example".to_owned())),
            ("missing_delivery_date:requested_delivery", |desk| desk.order().requested_delivery = None),
        ];
        for (doubt, spoil) in spoil {
            let mut desk = desk(&line, "2820");
            spoil(&mut desk);
            assert!(desk.surety().doubts.iter().any(|found| found == doubt), "{doubt}: {:?}", desk.surety());
        }
    }

    #[test]
    fn texts_read_weakly_are_proven_by_the_part_number_alone() {
        let weak = |line: &str, part: u16| {
            let mut desk = desk(&[line], "2820");
            let line = &mut desk.order().lines[0];
            line.description.as_mut().unwrap().confidence = Confidence::new(880);
            if let Some(number) = line.customer_part.as_mut() {
                number.confidence = Confidence::new(part);
            }
            desk.surety().doubts
        };
        let named = "A18|5#尼龙闭尾拉链 自动头 黑色580 18cm|6000|条|0.47|2820";
        assert!(weak(named, 980).is_empty(), "{:?}", weak(named, 980));
        assert!(weak(named, 880).contains(&"confidence:lines.0.description".to_owned()));
        let alone = "|5#尼龙闭尾拉链 自动头 黑色580 18cm|6000|条|0.47|2820";
        assert_eq!(weak(alone, 0), ["confidence:lines.0.description"]);
        let other = "A18|5#尼龙闭尾拉链 自动头 黑色580 20cm|6000|条|0.47|2820";
        assert!(!weak(other, 980).is_empty(), "the text speaks of other goods");
    }

    #[test]
    fn figures_read_weakly_are_proven_by_sums_alone() {
        let weak = |line: &str, total: &str| {
            let mut desk = desk(&[line], total);
            desk.order().lines[0].quantity.as_mut().unwrap().confidence = Confidence::new(700);
            desk.surety().sure
        };
        assert!(weak("A18||6000|条|0.47|2820", "2820"));
        assert!(!weak("A18||6000|条|0.47|", ""));
    }

    #[test]
    fn a_fax_needs_name_and_number_and_sums() {
        let mut fax = Desk { channel: Channel::Fax, ..desk(&["A18||6000|条|0.47|2820"], "2820") };
        assert_eq!(fax.surety().doubts, ["customer"]);
        fax.envelope.caller = Some("0769 5550 1201".to_owned());
        assert!(fax.surety().sure);
        fax.order().customer.name.as_mut().unwrap().confidence = Confidence::new(820);
        assert!(fax.surety().sure, "two that agree tell who he is, from a letterhead too");
        fax.order().total = None;
        fax.order().lines[0].amount = None;
        assert_eq!(fax.surety().doubts, ["line.1.figures"]);
    }

    #[test]
    fn nothing_is_sure_without_master_data() {
        let desk = Desk { master: Master::default(), ..desk(&["A18||6000|条|0.47|2820"], "2820") };
        let found = desk.surety();
        assert!(!found.sure);
        assert_eq!(found.proofs, ["total"]);
    }
}
