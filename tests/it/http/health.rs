//! Whether the process lives and can work; how it stops.

use super::office::{Answer, Office, SCANNER};
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

async fn ready_is(office: &Office, status: u16) -> Answer {
    let end = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        let answer = office.get("/readyz").await;
        if answer.status == status {
            return answer;
        }
        assert!(tokio::time::Instant::now() < end, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// After SIGTERM the port stays open while /readyz says so; what is in flight is finished, then the port closes.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_announced_and_finishes_what_is_in_flight() {
    let mut office = Office::open("drain_seconds = 3");
    assert_eq!(office.get("/healthz").await.json(), json!({"status": "ok"}));
    let ready = ready_is(&office, 200).await.json();
    assert_eq!(ready, json!({"status": "ready", "checks": {"store": "ok", "broker": "ok", "process": "ok"}}));
    let mut half = office.connect().await;
    let head = format!(
        "POST /api/documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SCANNER}\r\nContent-Length: 10\r\n\r\n"
    );
    half.write_all(head.as_bytes()).await.unwrap();
    half.write_all(b"half ").await.unwrap();
    let idle = office.connect().await;
    office.tell_to_stop();
    let stopping = ready_is(&office, 503).await.json();
    assert_eq!(
        (&stopping["status"], &stopping["checks"]["process"]),
        (&json!("not_ready"), &json!("stopping"))
    );
    assert_eq!(office.get("/healthz").await.status, 200, "it lives until the end");
    while office.is_open().await {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    half.write_all(b"whole").await.unwrap();
    let mut text = String::new();
    half.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 202 "), "{text}");
    office.until_ended();
    drop(idle);
    assert_eq!(office.ask(&["documents", "list"]).as_array().unwrap().len(), 1);
    assert!(!office.log().contains("grace time") && !office.log().contains("cut off"), "{}", office.log());
}

/// While another process holds the records, what comes is told to come again; then the same key gets its document, once.
#[tokio::test(flavor = "multi_thread")]
async fn records_that_do_not_answer_make_503() {
    let office = Office::open("timeout_seconds = 2");
    ready_is(&office, 200).await;
    let file = office.path().join("gendan.db");
    let mut other = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query("begin immediate").execute(&mut other).await.unwrap();
    let keyed = || office.document("", "patient").header("idempotency-key", "k");
    let refused = office.send(keyed()).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "5"), "{refused:?}");
    assert_eq!(office.get("/healthz").await.status, 200);
    let waiting = ready_is(&office, 503).await.json();
    assert_eq!(waiting["checks"]["store"], "does not take what is to be written");
    assert!(office.counted("gendan_commit_failures_total").await >= 1.0);
    sqlx::query("rollback").execute(&mut other).await.unwrap();
    ready_is(&office, 200).await;
    let taken = office.send(keyed()).await;
    assert_eq!((taken.status, &taken.json()["status"]), (202, &json!("accepted")));
    assert_eq!(office.ask(&["documents", "list"]).as_array().unwrap().len(), 1);
}
