//! What is accepted is taken once, however often it is sent.

use super::office::{Answer, Office, SHOP};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

fn said(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 202, "{answer:?}");
    let json = answer.json();
    (json["document_id"].as_str().unwrap().to_owned(), json["status"].as_str().unwrap().to_owned())
}

/// Waits until the document was read and its parts checked.
async fn parts(office: &Office, document: &str) -> Value {
    let end = tokio::time::Instant::now() + LIMIT;
    loop {
        let shown = office.ask(&["documents", "show", document]);
        let parts = shown["what_became"].as_array().unwrap();
        if !parts.is_empty() && parts.iter().all(|it| it["part"]["state"]["state"] != "waiting") {
            return shown;
        }
        assert!(tokio::time::Instant::now() < end, "{shown}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_document_becomes_an_order() {
    let mut office = Office::open("");
    office.stop();
    let imported = office.command(&["import", "tests/samples/master"]).output().unwrap();
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    office.start();
    let mail = std::fs::read("tests/samples/inbox/m03.eml").unwrap();
    let (document, status) = said(&office.send(office.document("?name=po.eml", mail.clone())).await);
    assert_eq!(status, "accepted");
    let shown = parts(&office, &document).await;
    assert_eq!(
        (&shown["name"], &shown["channel"], &shown["source"]),
        (&json!("po.eml"), &json!("mail"), &json!("http"))
    );
    assert_eq!(shown["what_became"][0]["part"]["state"]["state"], "order", "{shown}");
    // The same bytes without a key are known, under whatever name.
    let again = said(&office.send(office.document("?name=other.eml", mail)).await);
    assert_eq!(again, (document, "known".to_owned()));
    let done = "gendan_messages_finished_total{step=\"read\",outcome=\"done\"}";
    assert!(office.counted(done).await >= 1.0);
    assert_eq!(office.counted("gendan_documents_total{channel=\"mail\",outcome=\"new\"}").await, 1.0);
    assert_eq!(office.counted("gendan_documents_total{channel=\"mail\",outcome=\"known\"}").await, 1.0);
    for name in [
        "gendan_step_seconds_bucket{step=\"read\"",
        "gendan_commit_size_sum",
        "process_resident_memory_bytes",
    ] {
        assert!(office.get("/metrics").await.text.contains(name), "{name}");
    }
    let balance = office.ask(&["balance"]);
    assert_eq!((&balance["missing"], &balance["double"]), (&json!([]), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fax_keeps_its_caller_and_its_name() {
    let office = Office::open("");
    let request = office.document("?channel=fax&caller=%2B86%20769-5550-1202", "not a picture");
    let request =
        request.header("content-disposition", "attachment; filename*=UTF-8''..%2F%E4%BC%A0%E7%9C%9F.tif");
    let (document, _) = said(&office.send(request).await);
    let shown = office.ask(&["documents", "show", &document]);
    assert_eq!((&shown["name"], &shown["channel"]), (&json!("传真.tif"), &json!("fax")));
    assert_eq!(shown["envelope"]["caller"], "+86 769-5550-1202");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gets_the_same_answer() {
    let mut office = Office::open("");
    let keyed =
        |office: &Office, key: &str, body: &str| office.document("", body).header("idempotency-key", key);
    let first = office.send(keyed(&office, "\"k-1\"", "one")).await;
    assert_eq!(said(&first).1, "accepted");
    assert_eq!(office.send(keyed(&office, "k-1", "one")).await.text, first.text);
    let refused = office.send(keyed(&office, "k-1", "two")).await;
    assert_eq!((refused.status, refused.problem()), (422, "key-reused".to_owned()));
    // The same bytes under another key are another document, which repeats the first; told again it says the same.
    let second = office.send(keyed(&office, "k-2", "one")).await;
    assert_eq!(said(&second).1, "repeats");
    assert_eq!(second.json()["first"], first.json()["document_id"]);
    assert_eq!(office.send(keyed(&office, "k-2", "one")).await.text, second.text);
    // After a restart, too.
    office.stop();
    office.start();
    assert_eq!(office.send(keyed(&office, "k-1", "one")).await.text, first.text);
    assert_eq!(office.send(keyed(&office, "k-1", "three")).await.status, 422);
    assert_eq!(office.ask(&["documents", "list"]).as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_belong_to_a_token_and_a_path() {
    let office = Office::open("");
    let document = office.send(office.document("", "{\"po\": 1}").header("idempotency-key", "k")).await;
    let body = r#"{"order": {"po_number": "2", "lines": [{"customer_part": "A", "quantity": 1}]}}"#;
    let order = office.send(office.order(body).header("idempotency-key", "k")).await;
    assert_ne!(said(&document).0, said(&order).0);
    let again = office.send(office.order(body).header("idempotency-key", "k")).await;
    assert_eq!(again.text, order.text);
    let shown = office.ask(&["documents", "show", &said(&order).0]);
    assert_eq!((&shown["name"], &shown["source"]), (&json!("k.json"), &json!("orders")));
    assert_eq!(shown["channel"], "data");
    let wrong = office.send(office.order(r#"{"order": {"lines": [{"quantity": "many"}]}}"#)).await;
    assert_eq!((wrong.status, wrong.problem()), (422, "invalid-order".to_owned()));
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/order/lines/0/quantity");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_came_another_way_are_a_repetition() {
    let office = Office::open("");
    let file = office.path().join("po.txt");
    std::fs::write(&file, "by hand").unwrap();
    let submitted = office.ask(&["submit", &file.to_string_lossy()]);
    let answer = office.send(office.document("", "by hand")).await;
    assert_eq!(said(&answer).1, "repeats");
    assert_eq!(answer.json()["first"], submitted["document"]);
}

/// 100 documents, each sent twice at the same moment, half of them with keys: 100 are taken, and both senders are told the same.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_at_once_are_taken_once_each() {
    let office = Office::open("max_in_flight = 16");
    let requests = (0..200).map(|n| {
        let which = n % 100;
        let request = office.document(&format!("?name={which}"), format!("document {which}"));
        if which % 2 == 0 { request.header("idempotency-key", format!("key-{which}")) } else { request }
    });
    let answers = futures_util::future::join_all(requests.map(|request| office.send(request))).await;
    for which in 0..100 {
        let (one, other) = (said(&answers[which]), said(&answers[which + 100]));
        assert_eq!(one.0, other.0);
        let statuses = BTreeSet::from([one.1.as_str(), other.1.as_str()]);
        let expected =
            if which % 2 == 0 { BTreeSet::from(["accepted"]) } else { BTreeSet::from(["accepted", "known"]) };
        assert_eq!(statuses, expected, "{which}");
    }
    let ids: BTreeSet<String> = answers.iter().map(|answer| said(answer).0).collect();
    assert_eq!(ids.len(), 100);
    assert_eq!(office.counted("gendan_documents_total{channel=\"mail\",outcome=\"new\"}").await, 100.0);
    let answered = "gendan_http_requests_total{route=\"/api/documents\",status=\"202\"}";
    assert_eq!(office.counted(answered).await, 200.0);
    assert_eq!(office.blobs(), 100);
    let log = office.log();
    assert!(!log.contains(SHOP) && !log.contains("document 7"), "the log holds what it must not");
}
