//! The `Idempotency-Key` of a request (draft-ietf-httpapi-idempotency-key-header): the same key is the same request.

use super::problem::Problem;
use axum::http::HeaderMap;

const HEADER: &str = "idempotency-key";
/// Longer keys are refused.
const LONGEST: usize = 200;

/// The key, when there is one. The draft wants it quoted; a bare one is taken as well.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let wrong = || {
        Problem::bad_request(format!(
            "Idempotency-Key must be one text of 1 to {LONGEST} visible ASCII characters"
        ))
    };
    let text = value.to_str().map_err(|_| wrong())?.trim();
    let bare = text.strip_prefix('"').map_or(Some(text), |rest| rest.strip_suffix('"')).ok_or_else(wrong)?;
    let visible = bare.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if values.next().is_some() || bare.is_empty() || bare.len() > LONGEST || !visible {
        return Err(wrong());
    }
    Ok(Some(bare.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<String>, u16> {
        let pairs = values.iter().map(|value| (HEADER.parse().unwrap(), value.parse().unwrap()));
        let mut headers = HeaderMap::new();
        pairs.for_each(|(name, value): (axum::http::HeaderName, axum::http::HeaderValue)| {
            headers.append(name, value);
        });
        key(&headers).map_err(|problem| problem.status())
    }

    #[test]
    fn a_key_is_quoted_or_bare_and_there_is_one() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["\"8e03978e-40d5\""]), Ok(Some("8e03978e-40d5".to_owned())));
        assert_eq!(read(&["8e03978e-40d5"]), Ok(Some("8e03978e-40d5".to_owned())));
        let long = "k".repeat(LONGEST + 1);
        for wrong in [&["\"\""][..], &[""], &["\"open"], &["a b"], &["a", "a"], &[&long], &["a\\b"]] {
            assert_eq!(read(wrong), Err(400), "{wrong:?}");
        }
    }
}
