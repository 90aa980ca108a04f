//! Arrived: a message of another system is understood, or parked with the place at which its schema refuses it.

use super::Steps;
use crate::intake::data;
use crate::order::message::{Arrived, Body, Inlet};
use crate::runtime::Failure;
use crate::store::{Filter, Kind};
use serde_json::Value;

impl Steps {
    /// What another system said. A report may name the order by its `number` instead of its id.
    pub(super) async fn understand(&self, arrived: &Arrived) -> Result<Body, Failure> {
        let mut body = data::fields(arrived).map_err(Failure::Park)?;
        if arrived.inlet == Inlet::Reports
            && !body.contains_key("order_id")
            && let Some(Value::String(number)) = body.remove("number")
        {
            body.insert("order_id".to_owned(), Value::String(self.order_numbered(number).await?));
        }
        data::read(arrived.inlet, body, &self.books.schemas).map_err(|e| Failure::Park(e.to_string()))
    }

    async fn order_numbered(&self, number: String) -> Result<String, Failure> {
        let numbered = Filter { number: Some(number), limit: 1, ..Filter::default() };
        let found = self.store.list(Kind::Order, &numbered).await?;
        let unknown = "report.received at `/number`: there is no order of this number";
        found.into_iter().next().map(|it| it.key.id).ok_or_else(|| Failure::Park(unknown.to_owned()))
    }
}
