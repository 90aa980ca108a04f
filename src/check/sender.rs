//! Sender: the address belongs to the customer, or a person looks before the first order from it.

use super::Case;
use crate::master::Customer;
use crate::order::document::Channel;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;

/// A fax gateway's address says nothing, and nobody sends in the name of a customer who is not known yet.
#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let master = case.facts.master;
    let Some(customer) = case.content.customer.as_deref().filter(|_| case.around.channel == Channel::Mail)
    else {
        return Vec::new();
    };
    let sender = case.resolved.customer.sender.as_deref();
    let has = |customers: Vec<&Customer>| customers.iter().any(|one| one.code == customer);
    if sender.is_some_and(|address| has(master.customers_by_mail(address))) {
        return Vec::new();
    }
    // A colleague at the customer's is new to us, but it is the customer's own mail server that he writes from.
    let domain = sender.and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain);
    let own = domain.is_some_and(|domain| has(master.customers_by_domain(domain)));
    let severity = if own { Severity::Note } else { Severity::Review };
    let problem = Problem::new(Code::UnknownSender, "customer.email", severity, Queue::Sales);
    let from = sender.or(case.around.envelope.from_address.as_deref());
    vec![Problem { found: from.map(str::to_owned), ..problem }]
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::Desk;
    use crate::order::document::Channel;

    #[test]
    fn the_address_has_to_be_the_customers() {
        for (address, expected) in [
            ("chen@linglan.example", ""),
            ("CHEN@linglan.example", ""),
            ("new@linglan.example", "unknown_sender customer.email new@linglan.example"),
            ("chen@linglan.example.evil", "unknown_sender customer.email chen@linglan.example.evil"),
        ] {
            let desk = Desk::new(&[]).from("东莞市岭澜制衣有限公司", address);
            assert_eq!(desk.says(check).join(""), expected, "{address}");
        }
        let fax = Desk { channel: Channel::Fax, ..Desk::new(&[]) };
        assert!(fax.from("东莞市岭澜制衣有限公司", "gateway@fax.example").says(check).is_empty());
    }
}
