//! Ways to the server: secrecy of the line, passwords, tokens.

use super::desk::{Desk, mail};
use crate::servers::dovecot::{PASSWORD, Setup};
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use gendan::intake::imap::settings::{OAuth2, Secret, Security};
use gendan::intake::imap::shelf;
use gendan::store::Answer;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn in_the_clear_by_tls_and_by_starttls() {
    let mut desk = Desk::new();
    let ports = [
        (Security::None, desk.server().imap),
        (Security::Tls, desk.server().imaps),
        (Security::StartTls, desk.server().imap),
    ];
    desk.mailbox.ca_file = Some(desk.server().ca());
    for (n, (security, port)) in ports.into_iter().enumerate() {
        (desk.mailbox.security, desk.mailbox.port) = (security, Some(port));
        desk.server().deliver("orders", &mail(n, 3000));
        assert_eq!(desk.look().await, Ok(1), "{security:?}");
    }
    let log = desk.server().log();
    assert_eq!(log.matches("Login: user=<orders>").count() - log.matches(", TLS,").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_trusted_or_of_another_host_is_refused() {
    let mut desk = Desk::with(Setup { host: "other.example", ..Setup::default() });
    desk.server().deliver("orders", &mail(1, 10));
    for security in [Security::Tls, Security::StartTls] {
        let port = if security == Security::Tls { desk.server().imaps } else { desk.server().imap };
        (desk.mailbox.security, desk.mailbox.port) = (security, Some(port));
        desk.mailbox.ca_file = None;
        let unknown = desk.look().await.unwrap_err();
        assert!(unknown.contains("certificate is refused") && unknown.contains("ca_file"), "{unknown}");
        desk.mailbox.ca_file = Some(desk.server().ca());
        let other = desk.look().await.unwrap_err();
        assert!(other.contains("certificate is refused") && other.contains("other.example"), "{other}");
    }
    assert!(!desk.server().log().contains("Login:"), "no password went there");
    assert_eq!(desk.documents().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_starttls_gets_no_password() {
    let mut desk = Desk::with(Setup { tls: false, ..Setup::default() });
    desk.mailbox.security = Security::StartTls;
    let why = desk.look().await.unwrap_err();
    assert!(why.contains("does not offer STARTTLS"), "{why}");
    assert!(!desk.server().log().contains("Login:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_clearly_and_not_tried_again_soon() {
    let mut desk = Desk::new();
    desk.mailbox.password = Some(Secret::new("not-the-one"));
    let running = desk.run(|it| it.poll_seconds = 1);
    desk.until("people are told", |desk| desk.cursor().trouble.is_some()).await;
    let why = desk.cursor().trouble.unwrap();
    assert!(
        why.contains("refuses user orders") && why.contains("password") && !why.contains("not-the-one"),
        "{why}"
    );
    // Long enough for several tries, if it tried again as soon as after other errors.
    tokio::time::sleep(Duration::from_secs(4)).await;
    running.stop().await;
    let refused = desk.server().log().matches("auth failed, 1 attempts").count();
    assert_eq!(refused, 1, "{}", desk.server().log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_is_tried_at_once_when_somebody_asks() {
    let mut desk = Desk::new();
    desk.server().deliver("orders", &mail(1, 10));
    let file = desk.path().join("password");
    std::fs::write(&file, "not-the-one").unwrap();
    (desk.mailbox.password, desk.mailbox.password_file) = (None, Some(file.clone()));
    let running = desk.run(|_| ());
    desk.until("people are told", |desk| desk.cursor().trouble.is_some()).await;
    std::fs::write(&file, PASSWORD).unwrap();
    let key = shelf::key(&desk.mailbox);
    let found = desk.house.store.load(std::slice::from_ref(&key)).await.unwrap().remove(0);
    let (mut cursor, version) = shelf::read(found).unwrap();
    cursor.retry(None);
    let answers = desk.house.store.commit(vec![shelf::commit(key, &cursor, version)]).await.unwrap();
    assert_eq!(answers, [Answer::Done]);
    let since = Instant::now();
    desk.until("it is read", |desk| desk.seen().len() == 1 && desk.cursor().trouble.is_none()).await;
    assert!(since.elapsed() < Duration::from_secs(30), "the usual wait is a minute");
    running.stop().await;
}

/// Another company's token server: the first token it gives is not good any more.
#[derive(Default)]
struct Company {
    given: AtomicUsize,
    looked_up: AtomicUsize,
}

fn form(body: &str) -> HashMap<String, String> {
    reqwest::Url::parse(&format!("http://form/?{body}")).unwrap().query_pairs().into_owned().collect()
}

async fn token(State(company): State<Arc<Company>>, body: String) -> Json<Value> {
    let form = form(&body);
    let right = form["grant_type"] == "refresh_token"
        && form["client_id"] == "gendan"
        && form["client_secret"] == "client-secret"
        && form["refresh_token"] == "refresh-1";
    if !right {
        return Json(json!({"error": "invalid_grant"}));
    }
    let number = company.given.fetch_add(1, Ordering::SeqCst) + 1;
    Json(json!({"access_token": format!("token-{number}"), "expires_in": 3600, "token_type": "Bearer"}))
}

async fn introspect(State(company): State<Arc<Company>>, body: String) -> Json<Value> {
    let form = form(&body);
    company.looked_up.fetch_add(1, Ordering::SeqCst);
    Json(json!({"active": form["token"] == "token-2", "username": "orders"}))
}

async fn company() -> (Arc<Company>, String) {
    let company = Arc::new(Company::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().route("/token", post(token)).route("/introspect", post(introspect));
    let app = routes.with_state(company.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (company, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_the_mailbox_and_a_refused_one_is_fetched_anew_once() {
    let (company, url) = company().await;
    let mut desk = Desk::with(Setup { introspection: Some(format!("{url}/introspect")), ..Setup::default() });
    let file = |name: &str, text: &str| {
        let path = desk.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (refresh, secret) = (file("refresh", "refresh-1\n"), file("secret", "client-secret"));
    desk.mailbox.password = None;
    desk.mailbox.oauth2 = Some(OAuth2 {
        token_url: format!("{url}/token"),
        client_id: "gendan".to_owned(),
        client_secret_file: Some(secret),
        refresh_token_file: refresh,
        scope: None,
    });
    desk.server().deliver("orders", &mail(1, 10));
    assert_eq!(desk.look().await, Ok(1), "{}", desk.server().log());
    assert_eq!((company.given.load(Ordering::SeqCst), company.looked_up.load(Ordering::SeqCst)), (2, 2));
    // From now on no token is good: refused, once more fetched, refused, and that is all.
    let why = desk.look().await.unwrap_err();
    assert!(why.contains("refuses user orders") && why.contains("client gendan"), "{why}");
    assert!(!why.contains("token-") && !why.contains("refresh-1"), "{why}");
    assert_eq!(company.given.load(Ordering::SeqCst), 4);
    std::fs::write(desk.path().join("refresh"), "stale").unwrap();
    let why = desk.look().await.unwrap_err();
    assert!(why.contains("refuses the refresh token: invalid_grant"), "{why}");
}
