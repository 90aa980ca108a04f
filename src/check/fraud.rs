//! Fraud: signs that are innocent alone, and together are how goods are ordered in a customer's name and fetched by a thief.

use super::settings::Sign;
use super::{Case, sender};
use crate::master::text::{is_han, simple, squeezed};
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;

/// One problem for the management, that names all signs which are there.
#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let settings = &case.facts.settings.sender;
    if !case.around.channel.is_letter() {
        return Vec::new();
    }
    let mut asked: Vec<Sign> = Vec::new();
    for sign in settings.fraud.iter().flatten() {
        if !asked.contains(sign) {
            asked.push(*sign);
        }
    }
    // The mail's own signs are raised as problems, which this one looks at again; they are few.
    let raised: Vec<Code> = sender::check(case).iter().map(|problem| problem.code).collect();
    let there: Vec<Sign> = asked.into_iter().filter(|sign| shows(case, *sign, &raised)).collect();
    if !settings.fraud.iter().any(|signs| signs.iter().all(|sign| there.contains(sign))) {
        return Vec::new();
    }
    let found: Vec<String> = there.iter().map(|sign| format!("sign.{}", sign.as_str())).collect();
    let problem = Problem::new(Code::FraudSuspected, "", Severity::Review, Queue::Management);
    vec![problem.found(found.join(" "))]
}

/// With a suspicion that was there before: no correction of what the order says takes it away, but only the management's word.
#[must_use]
pub fn kept(before: &[Problem], mut now: Vec<Problem>) -> Vec<Problem> {
    let suspected = |problem: &&Problem| problem.code == Code::FraudSuspected;
    if !now.iter().any(|problem| suspected(&problem)) {
        now.extend(before.iter().find(suspected).cloned());
    }
    now
}

fn shows(case: &Case<'_>, sign: Sign, raised: &[Code]) -> bool {
    let has = |code| raised.contains(&code);
    match sign {
        Sign::LookalikeDomain => has(Code::LookalikeDomain),
        Sign::SenderNotAuthentic => has(Code::SenderNotAuthentic),
        Sign::UnknownSender => has(Code::UnknownSender),
        Sign::ReplyElsewhere => has(Code::ReplyElsewhere),
        Sign::PhoneDiffers => has(Code::PhoneDiffers),
        Sign::NewShipTo => new_ship_to(case),
        Sign::OwnFreight => own_freight(case),
    }
}

/// The document sends the goods to an address that is none of the customer's in the master data. Of a customer without an
/// address there every place is new.
fn new_ship_to(case: &Case<'_>) -> bool {
    let printed = case.draft.order.as_ref().and_then(|order| order.ship_to.address.as_ref());
    let Some(printed) = printed.map(|field| squeezed(&field.value)).filter(|text| !text.is_empty()) else {
        return false;
    };
    let customer = case.content.customer.as_deref().and_then(|code| case.facts.master.customer(code));
    let places = customer.map(|customer| case.facts.master.addresses(&customer.code)).unwrap_or_default();
    let own = customer.and_then(|customer| customer.address.as_deref());
    let mut known = places.iter().map(|place| place.address.as_str()).chain(own).map(squeezed);
    !known.any(|known| is_same_place(&known, &printed))
}

/// Most of the shorter one stands in the other as it is, with every number of the known one: a province or a store more or less
/// is the same place, another house of the street is not.
fn is_same_place(known: &str, printed: &str) -> bool {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).take(LETTERS).collect::<Vec<char>>();
    let (a, b) = (letters(known), letters(printed));
    let shorter = a.len().min(b.len());
    let theirs = numbers(printed);
    shorter > 0
        && numbers(known).iter().all(|number| theirs.contains(number))
        && longest_common(&a, &b) * 5 >= shorter * 3
}

/// No address is longer.
const LETTERS: usize = 300;

fn numbers(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty()).collect()
}

/// Length of the longest piece that both have.
fn longest_common(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut longest = 0;
    for x in a {
        let mut now = vec![0; b.len() + 1];
        for (at, _) in b.iter().enumerate().filter(|(_, y)| x == *y) {
            now[at + 1] = before[at] + 1;
            longest = longest.max(now[at + 1]);
        }
        before = now;
    }
    longest
}

/// Shipping method, terms of delivery and notes, as read and as they stand now.
fn own_freight(case: &Case<'_>) -> bool {
    let content = case.content;
    let order = case.draft.order.as_ref();
    let read = order.into_iter().flat_map(|order| {
        let lines = order.lines.iter().map(|line| &line.note);
        [&order.shipping_method, &order.incoterm, &order.notes].into_iter().chain(lines)
    });
    let read = read.flatten().map(|field| field.value.as_str());
    let now = [&content.shipping_method, &content.incoterm].into_iter().flatten().map(String::as_str);
    let texts: Vec<String> = read.chain(now).map(simple).collect();
    case.facts
        .settings
        .sender
        .own_freight
        .iter()
        .any(|word| texts.iter().any(|text| says(text, &simple(word))))
}

/// Chinese stands without blanks; a word of other languages has to stand alone.
fn says(text: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    if word.chars().any(is_han) {
        return text.replace(' ', "").contains(word);
    }
    let apart = |text: &str| {
        let words: Vec<&str> =
            text.split(|c: char| !c.is_alphanumeric() || is_han(c)).filter(|it| !it.is_empty()).collect();
        format!(" {} ", words.join(" "))
    };
    apart(text).contains(&apart(word))
}

#[cfg(test)]
mod tests {
    use super::{check, is_same_place, says};
    use crate::check::desk::{Desk, text};
    use crate::check::settings::Sign;
    use crate::order::authentic::Authentication;
    use crate::order::document::Channel;

    /// An order in K1's name from there, to be sent there, that way.
    fn desk(from: &str, ship_to: &str, way: &str) -> Desk {
        let mut desk = Desk::new(&["A18||6000|条|0.47|2820"]).from("东莞市岭澜制衣有限公司", from);
        desk.order().ship_to.address = text(ship_to);
        desk.order().shipping_method = text(way);
        desk
    }

    #[test]
    fn a_look_alike_with_a_new_place_and_his_own_courier_is_suspected() {
        let all = "fraud_suspected sign.lookalike_domain sign.new_ship_to sign.own_freight";
        let (like, own) = ("chen@linglan-group.com", "chen@linglan.example");
        for (from, ship_to, way, expected) in [
            (like, "深圳市宝安区某仓库", "顺丰到付", all),
            (like, "深圳市宝安区某仓库", "Our courier will collect", all),
            (like, "虎门", "顺丰到付", ""),
            (like, "", "顺丰到付", ""),
            (like, "深圳市宝安区某仓库", "", ""),
            (like, "深圳市宝安区某仓库", "送货上门", ""),
            (own, "深圳市宝安区某仓库", "顺丰到付", ""),
            ("x@nowhere.example", "深圳市宝安区某仓库", "顺丰到付", ""),
        ] {
            assert_eq!(desk(from, ship_to, way).says(check).join(""), expected, "{from} {ship_to} {way}");
        }
    }

    #[test]
    fn which_signs_make_it_up_is_the_firms_choice() {
        let mut desk = desk("chen@linglan.example", "深圳市宝安区某仓库", "自提");
        desk.envelope.authentication = Some(Authentication::default());
        assert_eq!(
            desk.says(check),
            ["fraud_suspected sign.new_ship_to sign.own_freight sign.sender_not_authentic"]
        );
        desk.settings.sender.fraud = vec![vec![Sign::LookalikeDomain, Sign::PhoneDiffers]];
        assert!(desk.says(check).is_empty());
        desk.settings.sender.fraud = vec![vec![Sign::NewShipTo]];
        assert_eq!(desk.says(check), ["fraud_suspected sign.new_ship_to"]);
        desk.settings.sender.fraud = Vec::new();
        assert!(desk.says(check).is_empty());
        desk.settings.sender.fraud = vec![vec![Sign::NewShipTo]];
        assert!(Desk { channel: Channel::Data, ..desk }.says(check).is_empty());
    }

    #[test]
    fn no_correction_takes_a_suspicion_away() {
        use super::kept;
        let suspected = desk("chen@linglan-group.com", "深圳市宝安区某仓库", "顺丰到付");
        let before = suspected.with(&[], check);
        let corrected = desk("chen@linglan-group.com", "深圳市宝安区某仓库", "送货上门").with(&[], check);
        assert!(corrected.is_empty());
        assert_eq!(kept(&before, corrected), before);
        assert_eq!(kept(&before, before.clone()), before);
        assert!(kept(&[], Vec::new()).is_empty());
    }

    #[test]
    fn a_suspected_order_is_never_sure() {
        let surety = desk("chen@linglan-group.com", "深圳市宝安区某仓库", "顺丰到付").surety();
        assert!(!surety.sure && surety.doubts.contains(&"fraud_suspected:".to_owned()), "{surety:?}");
    }

    #[test]
    fn the_same_place_in_more_or_fewer_words() {
        let known = "广东省东莞市虎门镇龙眼工业区云锦路18号";
        for (printed, same) in [
            ("广东省东莞市虎门镇龙眼工业区云锦路18号", true),
            ("东莞市虎门镇龙眼工业区云锦路18号", true),
            ("东莞市虎门镇龙眼工业区云锦路18号 二号仓", true),
            ("广东省东莞市虎门镇龙眼工业区云锦路99号", false),
            ("广东省东莞市虎门镇龙眼工业区云锦路18号 二号仓", true),
            ("东莞", false),
            ("深圳市宝安区某仓库", false),
        ] {
            assert_eq!(is_same_place(known, printed), same, "{printed}");
        }
    }

    #[test]
    fn words_stand_alone() {
        for (text, word, expected) in [
            ("fob ningbo", "fob", true),
            ("shipping: freight collect!", "freight collect", true),
            ("collection of swatches", "collect", false),
            ("顺丰 到 付", "到付", true),
            ("请用fob条款", "fob", true),
            ("x", "", false),
        ] {
            assert_eq!(says(text, word), expected, "{text} {word}");
        }
    }
}
