//! Read: nothing was left to a person, and no field was read with too little confidence.

use super::Case;
use crate::order::draft::{Confidence, Draft};
use crate::order::fields::{FieldAt, fields};
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let unread = case.draft.unread.iter().map(|unread| {
        // Which page, which line of a file: what a clerk asks the customer for.
        let place = unread.detail.as_deref().filter(|_| unread.code.starts_with("reading."));
        let place = place.map_or_else(String::new, |place| format!(" ({place})"));
        let what = format!("{} {}{place}", unread.code, unread.source);
        Problem::new(Code::Unread, "", Severity::Review, Queue::Keying).found(what.trim())
    });
    let least = Confidence::new(case.facts.settings.least_confidence);
    let weak = decisive(case.draft).filter(|field| field.confidence < least);
    let unsure = weak.map(|field| {
        let problem = Problem::new(Code::Unsure, field.path, Severity::Review, Queue::Keying);
        Problem { evidence: Some(field.evidence.clone()), ..problem }
    });
    unread.chain(unsure).collect()
}

/// Fields that nothing is decided by: a wrong one is seen by the person who reads it.
const LOOSE: [&str; 9] = [
    "customer.contact",
    "customer.phone",
    "customer.email",
    "ship_to.contact",
    "ship_to.phone",
    "incoterm",
    "shipping_method",
    "notes",
    "note",
];

/// The fields that were read and that something is decided by.
pub fn decisive(draft: &Draft) -> impl Iterator<Item = FieldAt<'_>> {
    let fields = draft.order.as_ref().map(fields).unwrap_or_default();
    fields.into_iter().filter(|field| !LOOSE.contains(&field.name()))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::Desk;
    use crate::order::draft::{Confidence, Unread};

    #[test]
    fn what_was_not_read_or_read_badly_is_said() {
        let mut desk = Desk::new(&["A18||1000|条|0.47"]);
        assert!(desk.says(check).is_empty());
        let quantity = desk.order().lines[0].quantity.as_mut();
        quantity.unwrap().confidence = Confidence::new(599);
        let unread = Unread { code: "reading.pdf_not_read".into(), source: "po.pdf".into(), detail: None };
        desk.draft.unread.push(unread);
        let page = Some("page 2".into());
        desk.draft.unread.push(Unread {
            code: "reading.illegible".into(),
            source: "a.tif".into(),
            detail: page,
        });
        assert_eq!(
            desk.says(check),
            [
                "unread reading.pdf_not_read po.pdf",
                "unread reading.illegible a.tif (page 2)",
                "unsure lines.0.quantity"
            ]
        );
    }
}
