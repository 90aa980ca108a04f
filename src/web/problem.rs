//! Every refusal as a problem of RFC 9457, with a type that programs can go by and a detail that people can.

use super::settings::Scope;
use axum::http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    fields: Vec<Field>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What is wrong with one field of the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// JSON Pointer (RFC 6901); empty for the whole.
    pub pointer: String,
    pub detail: String,
}

#[derive(Serialize)]
struct Json<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Field],
}

impl Problem {
    /// `code` is the last part of the type.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), fields: Vec::new(), headers: Vec::new() }
    }

    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// No token, or (`error` of RFC 6750) one that is not known.
    #[must_use]
    pub fn unauthorized(error: Option<&str>) -> Self {
        let challenge = match error {
            None => "Bearer realm=\"gendan\"".to_owned(),
            Some(error) => format!("Bearer realm=\"gendan\", error=\"{error}\""),
        };
        let detail = "send a token that is known here: `Authorization: Bearer …`";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail).header(WWW_AUTHENTICATE, &challenge)
    }

    #[must_use]
    pub fn out_of_scope(scope: Scope) -> Self {
        let scope = scope.as_str();
        let detail = format!("this token has not the scope `{scope}`");
        let challenge = format!("Bearer realm=\"gendan\", error=\"insufficient_scope\", scope=\"{scope}\"");
        Self::new(StatusCode::FORBIDDEN, "out-of-scope", detail).header(WWW_AUTHENTICATE, &challenge)
    }

    /// The body was not read to its end: the connection is of no more use.
    #[must_use]
    pub fn too_large(most: u64) -> Self {
        let detail = format!("at most {most} bytes are taken (http.max_bytes)");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail).header(CONNECTION, "close")
    }

    #[must_use]
    pub fn too_slow(seconds: u64) -> Self {
        let detail = format!("the body did not come within {seconds} s (http.timeout_seconds)");
        Self::new(StatusCode::REQUEST_TIMEOUT, "too-slow", detail).header(CONNECTION, "close")
    }

    #[must_use]
    pub fn unsupported(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-type", detail)
    }

    #[must_use]
    pub fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// It may work later; whether it was done is not known, and asking again with the same key or bytes does no harm.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>, retry_seconds: u64) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .header(RETRY_AFTER, &retry_seconds.to_string())
    }

    /// A fault of ours; the log has more.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something went wrong here; send it again")
    }

    #[must_use]
    pub fn with_fields(mut self, fields: Vec<Field>) -> Self {
        self.fields = fields;
        self
    }

    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status.as_u16()
    }

    fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).map(|value| (name, value)));
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Json {
            r#type: format!("urn:gendan:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Problem"),
            status: self.status.as_u16(),
            detail: &self.detail,
            errors: &self.fields,
        };
        let mut response = (self.status, serde_json::to_vec(&body).unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(self.headers);
        response
    }
}
