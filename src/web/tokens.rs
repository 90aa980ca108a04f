//! Bearer tokens (RFC 6750): who may call for what. Only hashes are kept, and they are compared in constant time.

use super::problem::Problem;
use super::settings::{Scope, TokenSettings};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::hint::black_box;
use std::path::Path;

/// A token in a file is at least so long: one that a person made up can be guessed from its hash.
const LEAST: usize = 32;

/// All tokens that are known.
pub struct Tokens(Vec<Token>);

/// Somebody who may call. Holds no secret.
pub struct Token {
    pub name: String,
    scopes: BTreeSet<Scope>,
    hash: [u8; 32],
}

impl Tokens {
    /// Reads the tokens; paths are relative to the data folder.
    pub fn open(settings: &[TokenSettings], dir: &Path) -> Result<Self, String> {
        settings.iter().map(|it| Token::open(it, dir)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether any token has this scope.
    #[must_use]
    pub fn any(&self, scope: Scope) -> bool {
        self.0.iter().any(|token| token.scopes.contains(&scope))
    }

    /// The caller, when he may do this.
    pub fn allow(&self, headers: &HeaderMap, scope: Scope) -> Result<&Token, Problem> {
        let secret = bearer(headers).ok_or_else(|| Problem::unauthorized(None))?;
        let token = self.find(secret).ok_or_else(|| Problem::unauthorized(Some("invalid_token")))?;
        if token.scopes.contains(&scope) { Ok(token) } else { Err(Problem::out_of_scope(scope)) }
    }

    /// Every hash is looked at whole, whichever fits.
    fn find(&self, secret: &str) -> Option<&Token> {
        let hash = hash(secret);
        let mut found = None;
        for token in &self.0 {
            let differs = token.hash.iter().zip(hash).fold(0, |bits, (a, b)| black_box(bits | (a ^ b)));
            if black_box(differs) == 0 {
                found = Some(token);
            }
        }
        found
    }
}

impl Token {
    fn open(settings: &TokenSettings, dir: &Path) -> Result<Self, String> {
        let wrong = |why: String| format!("http.tokens `{}`: {why}", settings.name);
        let hash = match (&settings.sha256, &settings.token_file) {
            (Some(text), _) => {
                let mut hash = [0; 32];
                hex::decode_to_slice(text, &mut hash)
                    .map_err(|_| wrong("sha256 is not 64 hex digits".to_owned()))?;
                hash
            }
            (None, Some(file)) => hash(&read(&dir.join(file)).map_err(wrong)?),
            (None, None) => return Err(wrong("give either sha256 or token_file".to_owned())),
        };
        Ok(Self { name: settings.name.clone(), scopes: settings.scopes.clone(), hash })
    }
}

fn read(file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|e| format!("the token_file {} can't be read: {e}", file.display()))?;
    let token = text.trim();
    if token.len() < LEAST || token.contains(char::is_whitespace) {
        let file = file.display();
        return Err(format!(
            "{file} must hold one token of at least {LEAST} characters; `gendan http token` makes one"
        ));
    }
    Ok(token.to_owned())
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(secret.trim())
}

/// A new token and its hash in hex; 256 bits of randomness.
pub fn fresh() -> Result<(String, String), String> {
    let mut random = [0; 32];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut random)
        .map_err(|_| "the system gives no random numbers".to_owned())?;
    let token = format!("gendan_{}", hex::encode(random));
    let hash = hex::encode(hash(&token));
    Ok((token, hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(list: &[(&str, &str, Scope)]) -> Tokens {
        let settings: Vec<TokenSettings> = list
            .iter()
            .map(|(name, secret, scope)| TokenSettings {
                name: (*name).to_owned(),
                scopes: BTreeSet::from([*scope]),
                sha256: Some(hex::encode(hash(secret))),
                token_file: None,
            })
            .collect();
        Tokens::open(&settings, Path::new(".")).unwrap()
    }

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())])
    }

    #[test]
    fn a_caller_is_known_by_his_token_and_kept_to_his_scopes() {
        let tokens = tokens(&[("erp", "one", Scope::Orders), ("scan", "two", Scope::Documents)]);
        let allow =
            |header: &str, scope| tokens.allow(&headers(header), scope).map(|token| token.name.clone());
        assert_eq!(allow("Bearer two", Scope::Documents).unwrap(), "scan");
        assert_eq!(allow("bearer one", Scope::Orders).unwrap(), "erp");
        assert_eq!(allow("Bearer one", Scope::Documents).unwrap_err().status(), 403);
        for wrong in ["Bearer three", "Bearer ", "Bearer", "Basic two", "two"] {
            assert_eq!(allow(wrong, Scope::Documents).unwrap_err().status(), 401, "{wrong}");
        }
    }

    #[test]
    fn a_token_in_a_file_is_read_and_a_short_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (token, _) = fresh().unwrap();
        std::fs::write(folder.path().join("good"), format!("{token}\n")).unwrap();
        std::fs::write(folder.path().join("short"), "secret").unwrap();
        let open = |file: &str| {
            let settings = TokenSettings {
                name: "erp".to_owned(),
                scopes: BTreeSet::from([Scope::Orders]),
                sha256: None,
                token_file: Some(file.into()),
            };
            Tokens::open(&[settings], folder.path())
        };
        let good = open("good").unwrap();
        assert!(good.allow(&headers(&format!("Bearer {token}")), Scope::Orders).is_ok());
        let said = open("short").err().unwrap();
        assert!(said.contains("at least 32") && !said.contains("secret\""), "{said}");
        assert!(open("none").err().unwrap().contains("can't be read"));
    }
}
