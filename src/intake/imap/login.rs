//! Logs in: by password (PLAIN where the server has it, else LOGIN) or by token (XOAUTH2), and says who we are.

use super::connect::connect;
use super::session::{Abilities, Session};
use super::settings::{Mailbox, OAuth2, Secret, read_secret};
use super::token::Tokens;
use super::trouble::{Trouble, said};
use super::wire::Wire;
use imap::types::Capabilities;
use std::cell::Cell;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// Connects and logs in.
pub(super) fn open(
    mailbox: &Mailbox,
    tokens: &mut Tokens,
    handle: &Handle,
    stop: &CancellationToken,
) -> Result<Session, Trouble> {
    let Some(oauth2) = &mailbox.oauth2 else {
        let password = password(mailbox)?;
        return by_password(mailbox, &password, connect(mailbox, stop)?);
    };
    let mut get = |fresh| get(handle, stop, tokens.get(mailbox, oauth2, fresh));
    let token = get(false)?;
    match by_token(mailbox, oauth2, &token, connect(mailbox, stop)?) {
        Err(Trouble::Refused(_)) => {
            let token = get(true)?;
            by_token(mailbox, oauth2, &token, connect(mailbox, stop)?)
        }
        other => other,
    }
}

fn get(
    handle: &Handle,
    stop: &CancellationToken,
    token: impl Future<Output = Result<Secret, Trouble>>,
) -> Result<Secret, Trouble> {
    handle.block_on(async {
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(Trouble::Stopping),
            token = token => token,
        }
    })
}

fn password(mailbox: &Mailbox) -> Result<Secret, Trouble> {
    match (&mailbox.password, &mailbox.password_file) {
        (Some(password), _) => Ok(password.clone()),
        (None, Some(path)) => read_secret(path).map_err(Trouble::Wrong),
        (None, None) => Err(Trouble::Wrong("there is no password; set password_file".to_owned())),
    }
}

fn by_password(mailbox: &Mailbox, password: &Secret, wire: Wire) -> Result<Session, Trouble> {
    let mut client = imap::Client::new(wire.clone());
    let offered = client.capabilities().map_err(|e| Trouble::of(&e, "CAPABILITY"))?;
    let entered = if offered.has_str("AUTH=PLAIN") {
        let plain = Plain(format!("\0{}\0{}", mailbox.user, password.expose()));
        client.authenticate("PLAIN", &plain)
    } else if offered.has_str("LOGINDISABLED") {
        return Err(Trouble::Wrong("the server takes no password on this connection; use tls".to_owned()));
    } else {
        client.login(&mailbox.user, password.expose())
    };
    let session = entered.map_err(|(error, _)| refused(&error, &wire, mailbox, password))?;
    finish(session, wire)
}

fn by_token(mailbox: &Mailbox, oauth2: &OAuth2, token: &Secret, wire: Wire) -> Result<Session, Trouble> {
    let mut client = imap::Client::new(wire.clone());
    let offered = client.capabilities().map_err(|e| Trouble::of(&e, "CAPABILITY"))?;
    if !offered.has_str("AUTH=XOAUTH2") {
        return Err(Trouble::Wrong("the server does not offer XOAUTH2; use a password".to_owned()));
    }
    let first = format!("user={}\x01auth=Bearer {}\x01\x01", mailbox.user, token.expose());
    let entered = client.authenticate("XOAUTH2", &XOAuth2(Cell::new(Some(first))));
    let session = entered.map_err(|(error, _)| match refused(&error, &wire, mailbox, token) {
        Trouble::Refused(why) => Trouble::Refused(format!(
            "{why}; the token of client {} does not open this mailbox",
            said(&oauth2.client_id)
        )),
        other @ (Trouble::Stopping | Trouble::Away(_) | Trouble::Wrong(_)) => other,
    })?;
    finish(session, wire)
}

/// A refusal for now is not one of us.
fn refused(error: &imap::Error, wire: &Wire, mailbox: &Mailbox, secret: &Secret) -> Trouble {
    let imap::Error::No(no) = error else { return Trouble::of(error, "the login") };
    let code = format!("{:?}", no.code).to_ascii_uppercase();
    let words = wire.foreign_words().unwrap_or_else(|| no.information.clone());
    let text = said(&words).replace(secret.expose(), "***");
    let upper = text.to_ascii_uppercase();
    let passing = ["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "TEMPORAR", "TOO MANY"];
    if passing.iter().any(|it| code.contains(it) || upper.contains(it)) {
        return Trouble::Away(format!("the server lets nobody in for now: {text}"));
    }
    Trouble::Refused(format!(
        "the server refuses user {} with what it was given: {text}. Check the password (many servers want an app \
         password and IMAP switched on); it is tried again after a long wait, or at once by `gendan mailboxes retry`",
        said(&mailbox.user)
    ))
}

fn finish(mut session: imap::Session<Wire>, wire: Wire) -> Result<Session, Trouble> {
    let offered = session.capabilities().map_err(|e| Trouble::of(&e, "CAPABILITY"))?;
    let has = |name: &str| has(&offered, name);
    let can = Abilities { idle: has("IDLE"), moves: has("MOVE"), uidplus: has("UIDPLUS") };
    let named = has("ID");
    let mut session = Session::new(session, wire, can);
    if named {
        // Some large providers open no folder to a client that does not say what it is (RFC 2971).
        session.name_us()?;
    }
    Ok(session)
}

fn has(offered: &Capabilities, name: &str) -> bool {
    offered.has_str(name) || offered.has_str(name.to_ascii_lowercase())
}

struct Plain(String);

impl imap::Authenticator for Plain {
    type Response = String;

    fn process(&self, _: &[u8]) -> String {
        self.0.clone()
    }
}

/// Says the token once; a second challenge holds the server's error, to be answered with nothing.
struct XOAuth2(Cell<Option<String>>);

impl imap::Authenticator for XOAuth2 {
    type Response = String;

    fn process(&self, _: &[u8]) -> String {
        self.0.take().unwrap_or_default()
    }
}
