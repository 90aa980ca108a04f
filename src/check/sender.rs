//! Sender: the mail comes from the customer's address, which is proven, and speaks of nobody else's; or a person looks.

use super::Case;
use super::resolve::origin::{self, Doubt, domain};
use crate::master::{Customer, Least, text};
use crate::order::document::Channel;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;

/// A fax gateway's address says nothing, and nobody sends in the name of a customer who is not known yet.
#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let checks: &[fn(&Case<'_>) -> Option<Problem>] = match case.around.channel {
        Channel::Mail => &[address, authentic, lookalike, reply, phone],
        Channel::Fax => &[phone],
        Channel::Data | Channel::Form => &[],
    };
    checks.iter().filter_map(|check| check(case)).collect()
}

fn review(code: Code, path: &str) -> Problem {
    Problem::new(code, path, Severity::Review, Queue::Sales)
}

/// The customer that the order is taken for.
fn customer<'a>(case: &Case<'a>) -> Option<&'a Customer> {
    case.facts.master.customer(case.content.customer.as_deref()?)
}

fn address(case: &Case<'_>) -> Option<Problem> {
    let master = case.facts.master;
    let customer = case.content.customer.as_deref()?;
    let sender = case.resolved.customer.sender.as_deref();
    let has = |customers: Vec<&Customer>| customers.iter().any(|one| one.code == customer);
    if let Some(Doubt::PassedOn(by)) = origin::doubt(case.around.envelope, master) {
        let found = Some(by).filter(|by| !by.is_empty());
        return Some(Problem { found, ..review(Code::UnknownSender, "customer.email") });
    }
    if sender.is_some_and(|address| has(master.customers_by_mail(address))) {
        return None;
    }
    // A colleague at the customer's is new to us, but it is the customer's own mail server that he writes from.
    let own = sender.and_then(domain).is_some_and(|domain| has(master.customers_by_domain(domain)));
    let severity = if own { Severity::Note } else { Severity::Review };
    let problem = Problem::new(Code::UnknownSender, "customer.email", severity, Queue::Sales);
    let from = sender.or(case.around.envelope.from_address.as_deref());
    Some(Problem { found: from.map(str::to_owned), ..problem })
}

/// An address that nobody proved to be the customer's own hand is his only in name.
pub(super) fn authentic(case: &Case<'_>) -> Option<Problem> {
    customer(case)?;
    match origin::doubt(case.around.envelope, case.facts.master)? {
        Doubt::NotAuthentic(found) => Some(review(Code::SenderNotAuthentic, "customer.email").found(found)),
        Doubt::PassedOn(_) => None,
    }
}

/// Of the sender, or of the address that answers would go to; also where nobody knows the customer yet.
pub(super) fn lookalike(case: &Case<'_>) -> Option<Problem> {
    let settings = &case.facts.settings.sender;
    let least = Least { letters: settings.shortest, within: settings.shortest_within };
    let envelope = case.around.envelope;
    let carrier = envelope.passed_on_by.as_deref();
    let addresses = [case.resolved.customer.sender.as_deref(), envelope.reply_to.as_deref(), carrier];
    // A contact of the customer's is known, whatever his domain resembles.
    let stranger = |address: &&str| case.facts.master.customers_by_mail(address).is_empty();
    addresses.into_iter().flatten().filter(stranger).find_map(|address| {
        let like = case.facts.master.domains_like(domain(address)?, &settings.public_domains, least);
        let own = customer(case).map(|customer| customer.mail_domains.as_slice()).unwrap_or_default();
        let meant = like.iter().find(|it| own.iter().any(|own| own == *it)).or(like.first())?;
        Some(review(Code::LookalikeDomain, "customer.email").found(domain(address)?).expected(meant))
    })
}

pub(super) fn reply(case: &Case<'_>) -> Option<Problem> {
    let (customer, master) = (customer(case)?, case.facts.master);
    let to = case.around.envelope.reply_to.as_deref().filter(|_| !case.resolved.customer.forwarded)?;
    let has = |customers: Vec<&Customer>| customers.iter().any(|one| one.code == customer.code);
    let host = domain(to)?;
    let known = has(master.customers_by_mail(to))
        || has(master.customers_by_domain(host))
        || master.is_own_domain(host);
    (!known).then(|| review(Code::ReplyElsewhere, "customer.email").found(host))
}

/// A number with fewer digits names nobody.
const DIGITS: usize = 8;

pub(super) fn phone(case: &Case<'_>) -> Option<Problem> {
    let (customer, master) = (customer(case)?, case.facts.master);
    let printed = case.draft.order.as_ref()?.customer.phone.as_ref()?;
    customer.phone.as_deref().or(customer.fax.as_deref())?;
    if text::phone(&printed.value).len() < DIGITS
        || master.customers_by_phone(&printed.value).iter().any(|one| one.code == customer.code)
    {
        return None;
    }
    let problem = Problem::new(Code::PhoneDiffers, "customer.phone", Severity::Note, Queue::Sales);
    Some(problem.at(&case.draft.order.as_ref()?.customer.phone))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, text};
    use crate::order::authentic::{Authentication, Outcome};
    use crate::order::document::Channel;

    const LINGLAN: &str = "东莞市岭澜制衣有限公司";

    #[test]
    fn the_address_has_to_be_the_customers() {
        for (address, expected) in [
            ("chen@linglan.example", ""),
            ("CHEN@linglan.example", ""),
            ("new@linglan.example", "unknown_sender customer.email new@linglan.example"),
            ("chen@nowhere.example", "unknown_sender customer.email chen@nowhere.example"),
        ] {
            let desk = Desk::new(&[]).from(LINGLAN, address);
            assert_eq!(desk.says(check).join(""), expected, "{address}");
        }
        let fax = Desk { channel: Channel::Fax, ..Desk::new(&[]) };
        assert!(fax.from(LINGLAN, "gateway@fax.example").says(check).is_empty());
    }

    #[test]
    fn an_address_like_the_customers_is_said_to_be_one() {
        let desk = Desk::new(&[]).from(LINGLAN, "chen@linglan.example.evil");
        assert_eq!(
            desk.says(check),
            [
                "unknown_sender customer.email chen@linglan.example.evil",
                "lookalike_domain customer.email linglan.example.evil linglan.example"
            ]
        );
        // Nobody knows whose order it is, but whom he imitates is known.
        let strange = Desk::new(&[]).from("某某服装厂", "chen@1inglan.example");
        assert_eq!(strange.says(check), ["lookalike_domain customer.email 1inglan.example linglan.example"]);
        // One who imitates our own people.
        let ours = Desk::new(&[]).from("", "boss@owm.example");
        assert!(ours.says(check).is_empty(), "three letters resemble too many");
    }

    fn found(aligned: bool, spf: Outcome, dmarc: Outcome) -> Option<Authentication> {
        Some(Authentication { spf, dmarc, aligned, ..Authentication::default() })
    }

    #[test]
    fn an_address_alone_proves_nothing_where_the_mail_server_is_asked() {
        use Outcome::{Fail, None as Nothing, Pass, SoftFail};
        for (address, authentication, expected) in [
            ("chen@linglan.example", None, ""),
            ("chen@linglan.example", found(true, Pass, Pass), ""),
            (
                "chen@linglan.example",
                found(false, Fail, Fail),
                "sender_not_authentic customer.email spf=fail dkim=none dmarc=fail",
            ),
            (
                "chen@linglan.example",
                found(false, SoftFail, Nothing),
                "sender_not_authentic customer.email spf=softfail dkim=none dmarc=none",
            ),
            (
                "chen@linglan.example",
                found(false, Nothing, Nothing),
                "sender_not_authentic customer.email spf=none dkim=none dmarc=none",
            ),
            // A server that passed, but another house's.
            (
                "chen@linglan.example",
                found(false, Pass, Nothing),
                "sender_not_authentic customer.email spf=pass dkim=none dmarc=none",
            ),
        ] {
            let mut desk = Desk::new(&["A18||6000|条|0.47|2820"]).from(LINGLAN, address);
            desk.envelope.authentication = authentication;
            assert_eq!(desk.says(check).join(""), expected);
            assert_eq!(desk.surety().sure, expected.is_empty(), "{:?}", desk.surety());
        }
    }

    #[test]
    fn who_passes_a_customers_mail_on_has_to_be_of_the_house_or_his() {
        for (by, authentication, expected) in [
            ("sales@own.example", None, ""),
            // Within the house nothing is signed, but a forged colleague is none.
            ("sales@own.example", found(false, Outcome::None, Outcome::None), ""),
            (
                "sales@own.example",
                found(false, Outcome::Fail, Outcome::Fail),
                "sender_not_authentic customer.email spf=fail dkim=none dmarc=fail",
            ),
            ("other@linglan.example", None, ""),
            ("x@nowhere.example", None, "unknown_sender customer.email x@nowhere.example"),
            (
                "x@nowhere.example",
                found(true, Outcome::Pass, Outcome::Pass),
                "unknown_sender customer.email x@nowhere.example",
            ),
            ("", None, "unknown_sender customer.email"),
        ] {
            let mut desk = Desk::new(&["A18||6000|条|0.47|2820"]);
            desk.envelope.passed_on_by = Some(by.to_owned());
            desk.envelope.authentication = authentication;
            assert_eq!(desk.says(check).join(""), expected, "{by}");
            assert_eq!(desk.surety().sure, expected.is_empty(), "{by} {:?}", desk.surety());
        }
    }

    #[test]
    fn answers_and_calls_go_to_the_customer_and_nobody_else() {
        for (reply, phone, expected) in [
            ("", "", ""),
            ("other@linglan.example", "0769-55501201", ""),
            ("sales@own.example", "内线 201", ""),
            ("chen@gmail.com", "", "reply_elsewhere customer.email gmail.com"),
            ("", "139 0013 8000", "phone_differs customer.phone"),
        ] {
            let mut desk = Desk::new(&[]);
            desk.envelope.reply_to = Some(reply.to_owned()).filter(|it| !it.is_empty());
            desk.order().customer.phone = text(phone);
            assert_eq!(desk.says(check).join(""), expected, "{reply} {phone}");
        }
        let mut imitated = Desk::new(&[]);
        imitated.envelope.reply_to = Some("chen@linglan-group.com".to_owned());
        assert_eq!(
            imitated.says(check),
            [
                "lookalike_domain customer.email linglan-group.com linglan.example",
                "reply_elsewhere customer.email linglan-group.com"
            ]
        );
    }
}
