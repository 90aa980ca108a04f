//! Access tokens of OAuth2 (RFC 6749, section 6): fetched by the refresh token, kept until shortly before they run out.

use super::connect::extra;
use super::settings::{Mailbox, OAuth2, Secret, read_secret};
use super::trouble::{Trouble, said};
use crate::runtime::outside::{Point, call};
use serde::Deserialize;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
/// A token that has less than this to live is fetched anew.
const MARGIN: Duration = Duration::from_secs(120);
/// When the server does not say how long a token lives.
const USUAL_LIFE: u64 = 3600;
const LONGEST_ANSWER: usize = 256 * 1024;

/// The token in hand.
#[derive(Default)]
pub(super) struct Tokens {
    held: Option<(Secret, Instant)>,
    /// Servers may hand out a new refresh token with each use; the file stays the first one.
    refresh: Option<Secret>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    expires_in: Option<u64>,
    refresh_token: Option<String>,
    error: Option<String>,
}

impl Tokens {
    /// A token that is good for a while; `fresh` when the one in hand was refused.
    pub(super) async fn get(
        &mut self,
        mailbox: &Mailbox,
        oauth2: &OAuth2,
        fresh: bool,
    ) -> Result<Secret, Trouble> {
        if let Some((token, end)) = &self.held
            && !fresh
            && Instant::now() < *end
        {
            return Ok(token.clone());
        }
        self.held = None;
        let answer = call(Point::IntakeRead, self.fetch(mailbox, oauth2)).await?;
        let token = match (answer.access_token, answer.error) {
            (Some(token), _) if !token.is_empty() && !token.chars().any(char::is_control) => {
                Secret::new(token)
            }
            (_, Some(error)) => {
                self.refresh = None;
                return Err(Trouble::Refused(format!(
                    "the token server refuses the refresh token: {}; get a new one and put it into {}",
                    said(&error),
                    oauth2.refresh_token_file.display()
                )));
            }
            _ => return Err(Trouble::Wrong("the token server's answer has no access_token".to_owned())),
        };
        if let Some(next) = answer.refresh_token.filter(|it| !it.is_empty()) {
            self.refresh = Some(Secret::new(next));
        }
        let life = Duration::from_secs(answer.expires_in.unwrap_or(USUAL_LIFE).min(86_400));
        let end = Instant::now() + life.saturating_sub(MARGIN.min(life / 2));
        self.held = Some((token.clone(), end));
        Ok(token)
    }

    async fn fetch(&self, mailbox: &Mailbox, oauth2: &OAuth2) -> Result<Answer, Trouble> {
        let read = |path| read_secret(path).map_err(Trouble::Wrong);
        let refresh = match &self.refresh {
            Some(refresh) => refresh.clone(),
            None => read(&oauth2.refresh_token_file)?,
        };
        let secret = oauth2.client_secret_file.as_deref().map(read).transpose()?;
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("client_id", oauth2.client_id.as_str()),
            ("refresh_token", refresh.expose()),
        ];
        form.extend(secret.as_ref().map(|it| ("client_secret", it.expose())));
        form.extend(oauth2.scope.as_deref().map(|it| ("scope", it)));
        let sent = client(mailbox)?.post(&oauth2.token_url).form(&form).send().await;
        let mut answer = sent.map_err(|e| lost(&e))?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| lost(&e))? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                return Err(Trouble::Wrong("the token server's answer is too long".to_owned()));
            }
        }
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(Trouble::Away(format!("the token server answers {status}")));
        }
        serde_json::from_slice(&body).map_err(|_| {
            Trouble::Wrong(format!("the token server answers {status} and no JSON; is token_url right?"))
        })
    }
}

fn client(mailbox: &Mailbox) -> Result<reqwest::Client, Trouble> {
    // Another part of the program may have done it before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder =
        reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
    for certificate in extra(mailbox.ca_file.as_deref())? {
        let certificate = reqwest::Certificate::from_der(&certificate);
        builder = builder.add_root_certificate(
            certificate.map_err(|_| Trouble::Wrong("ca_file can't be used".to_owned()))?,
        );
    }
    builder.build().map_err(|_| Trouble::Wrong("the way to the token server can't be set up".to_owned()))
}

/// Without the address, which may hold more than people should see.
fn lost(error: &reqwest::Error) -> Trouble {
    let why = if error.is_timeout() {
        "it does not answer"
    } else if error.is_connect() {
        "it can't be reached, or its certificate is not trusted"
    } else {
        "the connection broke"
    };
    Trouble::Away(format!("the token server: {why}"))
}
