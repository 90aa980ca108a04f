//! Read: nothing was left to a person, and no field was read with too little confidence.

use super::Case;
use crate::order::draft::{Confidence, Draft, Evidence, Found};
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
    let weak = fields(case.draft).into_iter().filter(|field| field.confidence < least);
    let unsure = weak.map(|field| {
        let problem = Problem::new(Code::Unsure, field.path, Severity::Review, Queue::Keying);
        Problem { evidence: Some(field.evidence), ..problem }
    });
    unread.chain(unsure).collect()
}

/// A field that the document has: where, and how surely it was read.
pub(super) struct Read {
    pub(super) path: String,
    pub(super) confidence: Confidence,
    pub(super) evidence: Evidence,
}

/// All fields of the order that were read, with their paths.
pub(super) fn fields(draft: &Draft) -> Vec<Read> {
    let Some(order) = &draft.order else { return Vec::new() };
    let mut all = Fields(Vec::new());
    all.put("po_number", &order.po_number);
    all.put("order_date", &order.order_date);
    all.put("customer.name", &order.customer.name);
    all.put("ship_to.name", &order.ship_to.name);
    all.put("ship_to.address", &order.ship_to.address);
    all.put("currency", &order.currency);
    all.put("payment_terms", &order.payment_terms);
    all.put("requested_delivery", &order.requested_delivery);
    all.put("total", &order.total);
    all.put("total_in_words", &order.total_in_words);
    for (at, line) in order.lines.iter().enumerate() {
        let path = |field: &str| format!("lines.{at}.{field}");
        all.put(path("customer_part"), &line.customer_part);
        all.put(path("description"), &line.description);
        all.put(path("spec"), &line.spec);
        all.put(path("color"), &line.color);
        all.put(path("quantity"), &line.quantity);
        all.put(path("unit"), &line.unit);
        all.put(path("unit_price"), &line.unit_price);
        all.put(path("amount"), &line.amount);
        all.put(path("delivery_date"), &line.delivery_date);
    }
    all.0
}

struct Fields(Vec<Read>);

impl Fields {
    fn put<T>(&mut self, path: impl Into<String>, field: &Found<T>) {
        if let Some(field) = field {
            let (confidence, evidence) = (field.confidence, field.evidence.clone());
            self.0.push(Read { path: path.into(), confidence, evidence });
        }
    }
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
