//! Origin: whether a mail comes from whom it says, as far as the firm's own mail server and the mail's making tell.

use super::Around;
use crate::master::{Customer, Master};
use crate::order::document::{Channel, Envelope};

/// Why a mail can't be taken for its sender's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::check) enum Doubt {
    /// A stranger passed it on: all that it says of its sender he may have written himself.
    PassedOn(String),
    /// What the mail server found, where that proves nothing.
    NotAuthentic(String),
}

/// None for a mail that proves its sender, and for one of which nobody was asked to prove it. A colleague who passes a mail on is
/// believed unless his own address is shown to be forged.
pub(in crate::check) fn doubt(envelope: &Envelope, master: &Master) -> Option<Doubt> {
    let from = envelope.from_address.as_deref();
    let carrier = envelope.passed_on_by.as_deref().or(from);
    let ours = carrier.and_then(domain).is_some_and(|domain| master.is_own_domain(domain));
    if let Some(by) = envelope.passed_on_by.as_deref().filter(|_| !ours)
        && !same_customer(by, from, master)
    {
        return Some(Doubt::PassedOn(by.to_owned()));
    }
    let found = envelope.authentication.as_ref()?;
    let doubtful = if ours { found.is_failed() || found.is_another() } else { !found.aligned };
    doubtful.then(|| Doubt::NotAuthentic(found.said()))
}

impl Around<'_> {
    /// Something speaks against the mail's being its sender's own: it was passed on, or the mail server found it not authentic.
    #[must_use]
    pub fn is_doubted(&self, master: &Master) -> bool {
        doubt(self.envelope, master).is_some()
    }
}

fn same_customer(by: &str, from: Option<&str>, master: &Master) -> bool {
    let of =
        |address: &str| domain(address).map(|domain| master.customers_by_domain(domain)).unwrap_or_default();
    let theirs = from.map(of).unwrap_or_default();
    of(by).iter().any(|one| theirs.iter().any(|other| other.code == one.code))
}

/// Whether a document comes from this customer: a mail from his address or domain, with nothing that speaks against it; a fax from
/// his number, as the caller says.
#[must_use]
pub fn is_of_customer(code: &str, around: &Around<'_>, master: &Master) -> bool {
    let his = |customers: Vec<&Customer>| customers.iter().any(|customer| customer.code == code);
    let envelope = around.envelope;
    match around.channel {
        Channel::Mail => {
            let from = envelope.from_address.as_deref();
            let known = |address: &str| {
                his(master.customers_by_mail(address))
                    || domain(address).is_some_and(|domain| his(master.customers_by_domain(domain)))
            };
            from.is_some_and(known) && doubt(envelope, master).is_none()
        }
        Channel::Fax => {
            envelope.caller.as_deref().is_some_and(|caller| his(master.customers_by_phone(caller)))
        }
        Channel::Data | Channel::Form => false,
    }
}

/// The domain of an address.
pub(in crate::check) fn domain(address: &str) -> Option<&str> {
    address.rsplit_once('@').map(|(_, domain)| domain)
}
