//! An order as JSON of our own schema, `schemas/message/order.placed.json`, sent as a file.

use super::{Bad, Statement, bad, found, page};
use crate::order::document::Kind;
use crate::order::keyed::{self, KeyedError};
use crate::read::codes::Code;
use crate::read::limits::Limits;
use serde_json::Value;

pub(super) fn is_order(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.contains("\"order.placed\""))
}

pub(super) fn read(text: &str, limits: &Limits) -> Result<Statement, Bad> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| bad(format!("line {} column {}: this is not JSON", error.line(), error.column())))?;
    if value.get("type").and_then(Value::as_str) != Some("order.placed") {
        return Err(bad("/type: `order.placed` is expected"));
    }
    let order = value.get("order").ok_or_else(|| bad("/order: it is missing"))?;
    let lines = order.get("lines").and_then(Value::as_array).map_or(0, Vec::len);
    if lines == 0 {
        return Err(bad("/order/lines: there are none"));
    }
    if lines > limits.rows as usize {
        return Err((Code::TooManyParts, format!("{lines} lines")));
    }
    let order = keyed::from_data(order, "/order").map_err(|error| bad(said(&error)))?;
    Ok(Statement { page: page(text.lines()), found: vec![found(Kind::Order, order, None, Vec::new())] })
}

/// The error without what was found, which is the customer's.
fn said(error: &KeyedError) -> String {
    let pointer = |path: &str| format!("/order/{}", path.replace('.', "/"));
    match error {
        KeyedError::Unknown { path } => format!("{}: an order has no such field", pointer(path)),
        KeyedError::Wrong { path, expected, .. } => format!("{}: {expected} is expected", pointer(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schemas_example_is_read() {
        let schema: Value =
            serde_json::from_str(include_str!("../../../schemas/message/order.placed.json")).unwrap();
        let example = serde_json::to_string_pretty(&schema["examples"][0]).unwrap();
        let statement = read(&example, &Limits::default()).unwrap();
        let order = &statement.found[0].order;
        assert_eq!(order.po_number.as_ref().unwrap().value, "WEB-10023");
        assert_eq!(order.lines[0].quantity.as_ref().unwrap().value, 6000.into());
        assert_eq!(order.discount_code.as_ref().unwrap().value, "SPRING10");
    }

    #[test]
    fn errors_name_the_field_and_not_what_stands_there() {
        for (text, want) in [
            ("{\"type\": \"order.placed\", ", "line 1 column 25: this is not JSON"),
            ("{\"type\": \"order\", \"order\": {}}", "/type: `order.placed` is expected"),
            ("{\"type\": \"order.placed\", \"order\": {\"lines\": []}}", "/order/lines: there are none"),
            (
                "{\"type\": \"order.placed\", \"order\": {\"lines\": [{\"quantity\": \"many\"}]}}",
                "/order/lines/0/quantity: a plain number such as 6000 is expected",
            ),
            (
                "{\"type\": \"order.placed\", \"order\": {\"lines\": [{\"amuont\": \"1\"}]}}",
                "/order/lines/0/amuont: an order has no such field",
            ),
        ] {
            assert_eq!(read(text, &Limits::default()).unwrap_err(), bad(want), "{text}");
        }
    }
}
