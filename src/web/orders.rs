//! `POST /api/orders`: orders as JSON, from a shop or an ERP.

use super::body::Taken;
use super::documents::{Answer, answer};
use super::key::key;
use super::problem::{Field, Problem};
use super::settings::Scope;
use super::{Web, problem_of};
use crate::intake::client::{Client, Receipt};
use crate::intake::{Arrival, Intake, NotAccepted, data};
use crate::order::document::Channel;
use crate::runtime::books::Books;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use std::sync::Arc;

/// What became of a placed order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed(pub Receipt);

/// Why an order was not placed.
#[derive(Debug)]
pub enum Refused {
    /// It does not fit its schema.
    Invalid(Vec<Field>),
    NotAccepted(NotAccepted),
}

/// Takes orders as JSON.
#[derive(Clone)]
pub struct Orders {
    pub intake: Intake,
    pub books: Arc<Books>,
}

impl Orders {
    /// Places an order: `bytes` are one JSON object in UTF-8. Safe to call again with the same client and key.
    pub async fn place(&self, client: &Client, bytes: Vec<u8>) -> Result<Placed, Refused> {
        data::order(&bytes, &self.books.schemas)
            .map_err(|e| Refused::Invalid(vec![Field { pointer: e.path, detail: e.what }]))?;
        let arrival = Arrival {
            bytes,
            name: format!("{}.json", client.key.as_deref().unwrap_or("order")),
            channel: Channel::Data,
            source: "orders",
            caller: None,
            sent_at: None,
        };
        self.intake.accept_from(arrival, client).await.map(Placed).map_err(Refused::NotAccepted)
    }
}

pub(super) async fn post(State(web): State<Arc<Web>>, request: Request) -> Result<Answer, Problem> {
    let (head, body) = request.into_parts();
    let token = web.tokens.allow(&head.headers, Scope::Orders)?;
    let client = Client { name: token.name.clone(), key: key(&head.headers)? };
    check_type(&head.headers)?;
    let Taken { bytes, memory } = web.bounds.read(&head.headers, body).await?;
    check_json(&bytes)?;
    let (orders, keyed) = (web.orders.clone(), client.key.is_some());
    let placed = web.finish(memory, async move { orders.place(&client, bytes).await }).await?;
    match placed {
        Ok(Placed(receipt)) => Ok(answer(receipt, keyed)),
        Err(Refused::Invalid(fields)) => {
            Err(Problem::unprocessable("invalid-order", "the order does not fit its schema")
                .with_fields(fields))
        }
        Err(Refused::NotAccepted(why)) => Err(problem_of(&why)),
    }
}

/// JSON is UTF-8 (RFC 8259); who says otherwise is told so.
fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let lower = text.to_ascii_lowercase();
    let mut pieces = lower.split(';').map(str::trim);
    let essence = pieces.next().unwrap_or_default();
    if essence != "application/json" && !(essence.starts_with("application/") && essence.ends_with("+json")) {
        return Err(Problem::unsupported("send the order as application/json"));
    }
    match pieces.find_map(|piece| piece.strip_prefix("charset=")) {
        Some(charset) if charset.trim_matches('"') != "utf-8" => {
            Err(Problem::unsupported("send the order in UTF-8"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The error says where, and nothing of what stands there.
fn check_json(bytes: &[u8]) -> Result<(), Problem> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        Problem::bad_request(format!("the body is not UTF-8 from byte {} on", e.valid_up_to()))
    })?;
    let value: serde_json::Value = serde_json::from_str(text).map_err(|e| {
        Problem::bad_request(format!("the body is not JSON: line {}, column {}", e.line(), e.column()))
    })?;
    if value.is_object() {
        return Ok(());
    }
    let field = Field { pointer: String::new(), detail: "must be an object".to_owned() };
    Err(Problem::unprocessable("invalid-order", "the order must be one JSON object").with_fields(vec![field]))
}
