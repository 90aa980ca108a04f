//! Body and files of one letter: which holds the order, and what the others add to it.

use super::codes::Code;
use super::find::{Doubt, Found, Ground};
use super::letter::{Candidate, Content};
use crate::order::document::Kind;
use crate::order::draft::{DraftLine, DraftOrder};
/// Joins body and files: files that hold orders come first, the body fills gaps or stands for itself.
pub(super) fn merge(
    content: &Content<'_>,
    body: Vec<Found>,
    mut files: Vec<Candidate>,
    others: Vec<Candidate>,
) -> Vec<Candidate> {
    let source = content.letter.source.clone();
    if files.is_empty() {
        let mut body: Vec<Candidate> =
            body.into_iter().map(|found| Candidate { source: source.clone(), found }).collect();
        if let (Some(first), Some(other)) = (
            body.first_mut(),
            others
                .into_iter()
                .find(|o| o.found.order.po_number.is_some() && !content.letter.headers.is_empty()),
        ) && first.found.order.lines.is_empty()
        {
            fill(&mut first.found.order, &other.found.order);
        }
        if let [one] = body.as_mut_slice()
            && content.letter.headers.is_empty()
            && content.unread.is_empty()
        {
            one.source.clone_from(&source);
        }
        return body;
    }
    let numbers: Vec<Option<String>> =
        files.iter().map(|c| c.found.order.po_number.as_ref().map(|p| p.value.clone())).collect();
    for mut found in body {
        let own = found.order.po_number.as_ref().map(|p| p.value.clone());
        let apart = found.ground == Ground::Table
            && own.is_some()
            && numbers.iter().all(|n| n.is_some() && *n != own);
        if apart {
            files.push(Candidate { source: source.clone(), found });
            continue;
        }
        let known = |l: &DraftLine| {
            files.iter().any(|c| {
                c.found
                    .order
                    .lines
                    .iter()
                    .any(|x| x.quantity.as_ref().map(|q| q.value) == l.quantity.as_ref().map(|q| q.value))
            })
        };
        let strange = found.order.lines.iter().any(|l| !known(l));
        let differs =
            own.is_some() && numbers.iter().flatten().next().is_some() && numbers.iter().all(|n| *n != own);
        found.order.lines.clear();
        for file in &mut files {
            if strange || differs {
                file.found
                    .doubts
                    .push(Doubt::new(Code::Contradiction, "the body of the mail names other figures"));
            }
            fill(&mut file.found.order, &found.order);
            file.found.refers_to = file.found.refers_to.take().or_else(|| found.refers_to.clone());
        }
    }
    dedupe(&mut files);
    files
}
/// What an order lacks is taken from the text around it.
fn fill(order: &mut DraftOrder, other: &DraftOrder) {
    fn take<T: Clone>(to: &mut Option<T>, from: &Option<T>) {
        if to.is_none() {
            to.clone_from(from);
        }
    }
    take(&mut order.po_number, &other.po_number);
    take(
        &mut order.requested_delivery,
        &other.requested_delivery.clone().filter(|_| order.lines.iter().all(|l| l.delivery_date.is_none())),
    );
    take(&mut order.payment_terms, &other.payment_terms);
    take(&mut order.incoterm, &other.incoterm);
    take(&mut order.shipping_method, &other.shipping_method);
    take(&mut order.discount_code, &other.discount_code);
    take(&mut order.ship_to.address, &other.ship_to.address);
    take(&mut order.ship_to.name, &other.ship_to.name);
    take(&mut order.ship_to.contact, &other.ship_to.contact);
    take(&mut order.ship_to.phone, &other.ship_to.phone);
    take(&mut order.customer.contact, &other.customer.contact);
    take(&mut order.customer.phone, &other.customer.phone);
    take(&mut order.customer.name, &other.customer.name);
}
/// Whether two files can be one document: an order and its change are two, whatever number they bear.
fn alike(one: Option<Kind>, other: Option<Kind>) -> bool {
    one == other || one.is_none() || other.is_none()
}

/// The same order twice (as xlsx and csv): the first stays; if they differ, that is a doubt.
fn dedupe(files: &mut Vec<Candidate>) {
    let mut at = 1;
    while at < files.len() {
        let number = files[at].found.order.po_number.as_ref().map(|p| &p.value);
        let twin = (0..at).find(|n| {
            number.is_some()
                && files[*n].source != files[at].source
                && alike(files[*n].found.kind, files[at].found.kind)
                && files[*n].found.order.po_number.as_ref().map(|p| &p.value) == number
        });
        let Some(twin) = twin else {
            at += 1;
            continue;
        };
        let second = files.remove(at);
        let figures = |f: &Found| {
            let date = |l: &DraftLine| {
                l.delivery_date.as_ref().or(f.order.requested_delivery.as_ref()).map(|d| d.value)
            };
            let lines = f.order.lines.iter();
            lines
                .map(|l| {
                    (l.quantity.as_ref().map(|q| q.value), l.unit_price.as_ref().map(|p| p.value), date(l))
                })
                .collect::<Vec<_>>()
        };
        if figures(&files[twin].found) != figures(&second.found) {
            files[twin].found.doubts.push(Doubt::new(
                Code::Contradiction,
                "two files give the same order number with other figures",
            ));
        }
    }
}
