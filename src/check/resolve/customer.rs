//! Which customer a part comes from: sender, printed name, and weaker hints, held against each other.

use super::{Around, origin, text};
use crate::master::{Customer, Master};
use crate::order::document::Channel;
use crate::order::draft::{DraftOrder, Evidence};
use serde::Serialize;

/// One thing that points to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerBy {
    /// A person keyed his name or code.
    Keyed,
    /// The sender's address is one of his contacts.
    Address,
    /// The sender's mail domain is his.
    Domain,
    /// The printed name is his, in Chinese or English, or his code.
    Name,
    /// The printed name is part of his, or one character off.
    NearName,
    /// The printed mail address is his or of his domain.
    PrintedMail,
    /// The printed phone number is his.
    Phone,
    /// The fax came from his number, as the caller claims.
    Caller,
}

impl CustomerBy {
    /// Alone enough to say who it is.
    #[must_use]
    pub const fn is_strong(self) -> bool {
        matches!(self, Self::Keyed | Self::Address | Self::Domain | Self::Name)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keyed => "keyed",
            Self::Address => "address",
            Self::Domain => "domain",
            Self::Name => "name",
            Self::NearName => "near_name",
            Self::PrintedMail => "printed_mail",
            Self::Phone => "phone",
            Self::Caller => "caller",
        }
    }
}

/// Who it is, and what speaks for and against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct CustomerMatch {
    pub code: Option<String>,
    pub by: Vec<CustomerBy>,
    /// What points to somebody else: then a person looks.
    pub against: Vec<CustomerBy>,
    /// The customer whom weak hints alone point to, for the person who looks.
    pub hint: Option<String>,
    /// The address that counts as the sender's: of a mail forwarded within the house, the customer's.
    #[serde(skip)]
    pub sender: Option<String>,
    pub forwarded: bool,
    /// It is not proven that the mail comes from whom it says.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub doubtful: bool,
}

impl CustomerMatch {
    /// Whether what speaks for him proves who he is, by the way that the document came.
    #[must_use]
    pub fn is_certain(&self, channel: Channel) -> bool {
        let has = |by| self.by.contains(&by);
        match channel {
            _ if has(CustomerBy::Keyed) => true,
            Channel::Mail if self.doubtful => false,
            Channel::Mail if self.forwarded => has(CustomerBy::Address),
            Channel::Mail => has(CustomerBy::Address) || has(CustomerBy::Domain),
            // Who may place orders as data names the customer by his code.
            Channel::Data | Channel::Form => has(CustomerBy::Name),
            // A fax can be sent in anybody's name: what is printed and where it came from have to agree. Two that do tell which
            // of the printed names is his, however sure the reader was of that.
            Channel::Fax => {
                has(CustomerBy::Name)
                    && (has(CustomerBy::Phone) || has(CustomerBy::Caller) || has(CustomerBy::PrintedMail))
            }
        }
    }
}

pub(super) fn find(order: &DraftOrder, around: &Around<'_>, master: &Master) -> CustomerMatch {
    let (sender, forwarded) = sender(order, around, master);
    let doubtful = around.channel == Channel::Mail && origin::doubt(around.envelope, master).is_some();
    if let Some(code) = keyed(order, master) {
        let by = vec![CustomerBy::Keyed];
        return CustomerMatch {
            code: Some(code),
            by,
            sender,
            forwarded,
            doubtful,
            ..CustomerMatch::default()
        };
    }
    let clues = clues(order, sender.as_deref(), around, master);
    let mut found = CustomerMatch { sender, forwarded, doubtful, ..CustomerMatch::default() };
    let mut left: Vec<&str> = Vec::new();
    for (by, codes) in clues.iter().filter(|(_, codes)| !codes.is_empty()) {
        let both: Vec<&str> = codes.iter().copied().filter(|code| left.contains(code)).collect();
        if left.is_empty() {
            left.clone_from(codes);
            found.by.push(*by);
        } else if both.is_empty() {
            found.against.push(*by);
        } else {
            left = both;
            found.by.push(*by);
        }
    }
    if let [code] = left.as_slice() {
        let strong = found.by.iter().any(|by| by.is_strong());
        let agreeing = found.by.contains(&CustomerBy::NearName) && found.by.len() > 1;
        if strong || agreeing {
            found.code = Some((*code).to_owned());
        } else {
            found.hint = Some((*code).to_owned());
        }
        if found.code.is_some() && strange_name(order, code, master) {
            found.against.push(CustomerBy::Name);
            found.against.dedup();
        }
    }
    found
}

/// The customer whose name or code a person keyed: he has seen what speaks against it.
fn keyed(order: &DraftOrder, master: &Master) -> Option<String> {
    let name = order.customer.name.as_ref().filter(|name| name.evidence == Evidence::Keyed)?;
    match exactly(&name.value, master).as_slice() {
        [customer] => Some(customer.code.clone()),
        _ => None,
    }
}

/// Customers with this name, or the one with this code.
fn exactly<'m>(name: &str, master: &'m Master) -> Vec<&'m Customer> {
    let named = master.customers_by_name(name);
    if named.is_empty() { master.customer(name.trim()).into_iter().collect() } else { named }
}

/// The address that counts, and whether the mail was forwarded by one of the house. A fax gateway's says nothing.
fn sender(order: &DraftOrder, around: &Around<'_>, master: &Master) -> (Option<String>, bool) {
    let from = match around.channel {
        Channel::Mail => around.envelope.from_address.as_deref(),
        Channel::Fax | Channel::Data | Channel::Form => None,
    };
    let own = from.and_then(domain).is_some_and(|domain| master.is_own_domain(domain));
    if own {
        let printed = text(&order.customer.email).map(|mail| mail.to_lowercase());
        let foreign = printed.filter(|mail| !domain(mail).is_some_and(|domain| master.is_own_domain(domain)));
        return (foreign, true);
    }
    (from.map(str::to_lowercase), false)
}

/// What each clue points to, the strongest first.
fn clues<'m>(
    order: &DraftOrder,
    sender: Option<&str>,
    around: &Around<'_>,
    master: &'m Master,
) -> Vec<(CustomerBy, Vec<&'m str>)> {
    let name = text(&order.customer.name);
    let name = name.as_deref();
    let exact = name.map(|name| exactly(name, master));
    let near =
        name.filter(|_| exact.as_ref().is_none_or(Vec::is_empty)).map(|name| master.customers_near(name));
    let phone = text(&order.customer.phone);
    let mail = text(&order.customer.email).map(|mail| mail.to_lowercase());
    let printed = mail.as_deref().filter(|mail| Some(*mail) != sender);
    let (address, by_domain) = by_mail(sender, master);
    let (printed_address, printed_domain) = by_mail(printed, master);
    let caller = around.envelope.caller.as_deref().map(|number| master.customers_by_phone(number));
    let codes = |customers: Option<Vec<&'m Customer>>| -> Vec<&'m str> {
        customers.into_iter().flatten().map(|customer| customer.code.as_str()).collect()
    };
    vec![
        (CustomerBy::Address, codes(Some(address))),
        (CustomerBy::Domain, codes(Some(by_domain))),
        (CustomerBy::Name, codes(exact)),
        (CustomerBy::NearName, codes(near)),
        (
            CustomerBy::PrintedMail,
            codes(Some(if printed_address.is_empty() { printed_domain } else { printed_address })),
        ),
        (CustomerBy::Phone, codes(phone.map(|number| master.customers_by_phone(&number)))),
        (CustomerBy::Caller, codes(caller)),
    ]
}

fn by_mail<'m>(address: Option<&str>, master: &'m Master) -> (Vec<&'m Customer>, Vec<&'m Customer>) {
    let Some(address) = address else { return (Vec::new(), Vec::new()) };
    let by_domain = domain(address).map(|domain| master.customers_by_domain(domain)).unwrap_or_default();
    (master.customers_by_mail(address), by_domain)
}

/// Whether the document prints a name that is not this customer's and does not resemble it.
fn strange_name(order: &DraftOrder, code: &str, master: &Master) -> bool {
    text(&order.customer.name).is_some_and(|name| {
        let is = exactly(&name, master).iter().any(|customer| customer.code == code);
        !is && !master.resembles(code, &name)
    })
}

fn domain(address: &str) -> Option<&str> {
    address.rsplit_once('@').map(|(_, domain)| domain)
}
