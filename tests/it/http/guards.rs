//! Who may not, and what is not taken: each refusal says why, and nothing is kept.

use super::office::{Office, SCANNER, SHOP};
use reqwest::Method;
use serde_json::Value;
use std::process::Output;

/// Nothing of what was refused is kept.
fn empty(office: &Office) -> bool {
    office.ask(&["documents", "list"]) == Value::Array(Vec::new()) && office.blobs() == 0
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_token_nothing_is_taken() {
    let office = Office::open("");
    let bare = || office.request(Method::POST, "/api/documents").body("x");
    let none = office.send(bare()).await;
    assert_eq!((none.status, none.header("www-authenticate")), (401, "Bearer realm=\"gendan\""));
    for wrong in ["Bearer nobody", "Bearer ", "Basic c2Nhbm5lcjp4", SCANNER] {
        let answer = office.send(bare().header("authorization", wrong)).await;
        assert_eq!((answer.status, answer.problem()), (401, "unauthorized".to_owned()), "{wrong}");
    }
    let other = office.send(bare().bearer_auth(SHOP)).await;
    assert_eq!((other.status, other.problem()), (403, "out-of-scope".to_owned()));
    assert!(other.header("www-authenticate").contains("scope=\"documents\""));
    let other =
        office.send(office.request(Method::POST, "/api/orders").bearer_auth(SCANNER).body("{}")).await;
    assert_eq!(other.status, 403);
    assert!(empty(&office));
    assert!(!office.log().contains(SCANNER));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said() {
    let office = Office::open("");
    let json = |content_type: &str, body: &'static [u8]| {
        let request = office.request(Method::POST, "/api/orders").bearer_auth(SHOP);
        request.header("content-type", content_type).body(body)
    };
    let cases = [
        (office.document("?channel=post", "x"), 400, "bad-request", "channel (mail or fax)"),
        (office.document("?colour=red", "x"), 400, "bad-request", "may hold name"),
        (office.document("?caller=0769", "x"), 400, "bad-request", "add channel=fax"),
        (office.document("?channel=fax&caller=abc", "x"), 400, "bad-request", "telephone number"),
        (office.document("", "x").header("idempotency-key", "a b"), 400, "bad-request", "Idempotency-Key"),
        (office.document("", ""), 422, "empty", "empty"),
        (
            office.document("", "x").header("content-type", "multipart/form-data; boundary=b"),
            415,
            "unsupported-type",
            "?name=",
        ),
        (json("text/plain", b"{}"), 415, "unsupported-type", "application/json"),
        (json("application/json; charset=gbk", b"{}"), 415, "unsupported-type", "UTF-8"),
        (json("application/json", b"{\"a\": \xb6\xa9}"), 400, "bad-request", "from byte 6 on"),
        (json("application/json", b"{\n\"a\": secret}"), 400, "bad-request", "line 2, column 6"),
        (json("application/json", b"[1]"), 422, "invalid-order", "one JSON object"),
    ];
    for (request, status, problem, detail) in cases {
        let answer = office.send(request).await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, problem), "{answer:?}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(detail), "{answer:?}");
        assert!(!answer.text.contains("secret"), "{answer:?}");
    }
    assert!(empty(&office));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_described_is_there() {
    let office = Office::open("");
    for path in ["/", "/api", "/api/documents/", "/metrics/x", "/api/%2e%2e/etc"] {
        assert_eq!(office.get(path).await.status, 404, "{path}");
    }
    let description = office.get("/api/openapi.json").await.json();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let answer = office.send(office.request(method.clone(), path)).await;
            let described = operations.get(method.as_str().to_ascii_lowercase()).is_some();
            assert_eq!(answer.status == 405, !described, "{method} {path}: {answer:?}");
            if !described {
                let allowed = if operations.get("get").is_some() { "GET" } else { "POST" };
                assert!(answer.header("allow").contains(allowed), "{answer:?}");
            }
        }
    }
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A token that the command makes works from its hash, from a file, and is nowhere else.
#[tokio::test(flavor = "multi_thread")]
async fn a_made_token_works_from_its_hash_and_from_a_file() {
    let mut office = Office::open("");
    office.stop();
    let text = printed(&office.command(&["http", "token", "erp", "--scope", "metrics"]).output().unwrap());
    let (by_hash, lines) =
        (text.lines().next().unwrap().to_owned(), text.split("\n[[http.tokens]]").nth(1).unwrap());
    let made = office.ask(&["http", "token", "ocr", "--scope", "documents,orders"]);
    let in_file = made["token"].as_str().unwrap().to_owned();
    std::fs::write(office.path().join("ocr.token"), format!("{in_file}\n")).unwrap();
    let file = office.path().join("gendan.toml");
    let settings = std::fs::read_to_string(&file).unwrap();
    let ocr = "[[http.tokens]]\nname = \"ocr\"\nscopes = [\"documents\"]\ntoken_file = \"ocr.token\"\n";
    std::fs::write(&file, format!("{settings}[[http.tokens]]{lines}{ocr}")).unwrap();
    office.start();
    let sent = office.request(Method::POST, "/api/documents").bearer_auth(&in_file).body("x");
    assert_eq!(office.send(sent).await.status, 202);
    // A token for metrics is there now, so they are not for everybody any more.
    assert_eq!(office.get("/metrics").await.status, 401);
    let metrics = |token: &str| office.request(Method::GET, "/metrics").bearer_auth(token);
    assert_eq!(office.send(metrics(&in_file)).await.status, 403);
    assert_eq!(office.send(metrics(&by_hash)).await.status, 200);
    let shown = printed(&office.command(&["config", "show"]).output().unwrap());
    for secret in [&by_hash, &in_file] {
        assert!(!shown.contains(secret) && !office.log().contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_never_listen() {
    let mut office = Office::open("");
    office.stop();
    let file = office.path().join("gendan.toml");
    let token = |rest: &str| {
        format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n[[http.tokens]]\nname = \"erp\"\nscopes = [\"orders\"]\n{rest}"
        )
    };
    for (settings, said) in [
        ("[http]\nlisten = \"localhost\"".to_owned(), "write 127.0.0.1:8080"),
        ("[http]\nmax_bytes = 99999999999".to_owned(), "http.max_bytes must not be greater"),
        ("[http]\ndrain_seconds = 20".to_owned(), "shorter than worker.grace_seconds"),
        (token(""), "either sha256 or token_file"),
        (token("sha256 = \"abc\""), "64 hex digits"),
        (token("token_file = \"none\""), "can't be read"),
    ] {
        std::fs::write(&file, &settings).unwrap();
        for command in ["run", "config"] {
            let arguments = if command == "run" { vec!["run"] } else { vec!["config", "check"] };
            let output = office.command(&arguments).output().unwrap();
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(3), "{command}: {settings}: {complaint}");
            assert!(complaint.contains(said), "{command}: {settings}: {complaint}");
        }
    }
}
