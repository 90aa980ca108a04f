//! `POST /api/documents`: any file as the body, taken as a mail or a fax is.

use super::body::Taken;
use super::key::key;
use super::name::disposition;
use super::problem::Problem;
use super::settings::Scope;
use super::{Web, problem_of};
use crate::intake::Arrival;
use crate::intake::client::{Client, Receipt};
use crate::order::document::Channel;
use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// Longer numbers of callers are refused.
const LONGEST_CALLER: usize = 40;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    name: Option<String>,
    #[serde(default = "mail")]
    channel: Channel,
    /// Caller's number of a fax.
    caller: Option<String>,
}

const fn mail() -> Channel {
    Channel::Mail
}

/// 202: it is kept, and will be read.
pub(super) type Answer = (StatusCode, Json<Said>);

#[derive(Serialize)]
pub(super) struct Said {
    document_id: Uuid,
    /// `accepted`; `repeats`: the same bytes came before by another way; `known`: this caller sent them before.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<Uuid>,
}

pub(super) async fn post(State(web): State<Arc<Web>>, request: Request) -> Result<Answer, Problem> {
    let (head, body) = request.into_parts();
    let token = web.tokens.allow(&head.headers, Scope::Documents)?;
    let client = Client { name: token.name.clone(), key: key(&head.headers)? };
    let parameters = parameters(&head.uri)?;
    refuse_forms(&head.headers)?;
    let Taken { bytes, memory } = web.bounds.read(&head.headers, body).await?;
    let arrival = Arrival {
        bytes,
        name: parameters
            .name
            .or_else(|| disposition(&head.headers))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "document".to_owned()),
        channel: parameters.channel,
        source: "http",
        caller: parameters.caller,
        sent_at: None,
    };
    let (intake, keyed) = (web.intake.clone(), client.key.is_some());
    let taken = web.finish(memory, async move { intake.accept_from(arrival, &client).await }).await?;
    taken.map(|receipt| answer(receipt, keyed)).map_err(|why| problem_of(&why))
}

/// The same key gets the same answer word by word; without a key the caller is told that we know it.
pub(super) fn answer(receipt: Receipt, keyed: bool) -> Answer {
    let status = match receipt.first {
        _ if receipt.again && !keyed => "known",
        Some(_) => "repeats",
        None => "accepted",
    };
    let said = Said { document_id: receipt.document, status, first: receipt.first };
    (StatusCode::ACCEPTED, Json(said))
}

fn parameters(uri: &Uri) -> Result<Parameters, Problem> {
    let Query(parameters) = Query::<Parameters>::try_from_uri(uri).map_err(|_| {
        Problem::bad_request(
            "the query may hold name, channel (mail or fax) and, for a fax, caller; each once",
        )
    })?;
    let number = |text: &String| {
        text.len() <= LONGEST_CALLER && text.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c))
    };
    match &parameters.caller {
        Some(_) if parameters.channel != Channel::Fax => {
            Err(Problem::bad_request("caller is for a fax: add channel=fax"))
        }
        Some(caller) if !number(caller) => Err(Problem::bad_request(format!(
            "caller must be a telephone number of at most {LONGEST_CALLER} digits, blanks and + - ( )"
        ))),
        Some(_) | None => Ok(parameters),
    }
}

/// A form would be kept with its boundaries, and read as no order.
fn refuse_forms(headers: &HeaderMap) -> Result<(), Problem> {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let lower = text.trim_start().to_ascii_lowercase();
    if lower.starts_with("multipart/form-data") || lower.starts_with("application/x-www-form-urlencoded") {
        return Err(Problem::unsupported(
            "send the file itself as the body, its name in ?name= or Content-Disposition",
        ));
    }
    Ok(())
}
