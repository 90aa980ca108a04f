//! Too big, too slow, too much: the one is refused and the others are served meanwhile.

use super::office::{Office, SCANNER};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn head(length: &str) -> String {
    format!("POST /api/documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SCANNER}\r\n{length}\r\n\r\n")
}

/// All that comes until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset after the answer is an end, too.
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut bytes)).await;
    assert!(read.is_ok(), "the connection stays open");
    String::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let office = Office::open("max_bytes = 1000");
    let mut stream = office.connect().await;
    // Not one byte of the body is sent.
    stream.write_all(head("Content-Length: 1001").as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("at most 1000 bytes"), "{answer}");
    // Without a length, it is refused as soon as it is too much.
    let mut stream = office.connect().await;
    stream.write_all(head("Transfer-Encoding: chunked").as_bytes()).await.unwrap();
    stream.write_all(format!("3e9\r\n{}\r\n", "x".repeat(1001)).as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert_eq!(office.send(office.document("", vec![b'x'; 1000])).await.status, 202);
    assert_eq!(office.send(office.document("", vec![b'x'; 1001])).await.status, 413);
    assert_eq!(office.ask(&["documents", "list"]).as_array().unwrap().len(), 1);
}

/// Heads that come byte by byte take every connection there is; each is cut, and then others are served.
#[tokio::test(flavor = "multi_thread")]
async fn slow_heads_are_cut() {
    let office = Office::open("timeout_seconds = 2\nmax_connections = 8");
    let mut slow = Vec::new();
    for _ in 0..8 {
        let mut stream = office.connect().await;
        slow.push(tokio::spawn(async move {
            let since = Instant::now();
            for byte in head("Content-Length: 1").bytes().cycle() {
                let sent = stream.write_all(&[byte]).await;
                let mut one = [0];
                let got = tokio::time::timeout(Duration::from_millis(100), stream.read(&mut one)).await;
                if sent.is_err() || matches!(got, Ok(Ok(0) | Err(_))) {
                    break;
                }
            }
            since.elapsed()
        }));
    }
    assert_eq!(office.send(office.document("", "a good one")).await.status, 202);
    for stream in slow {
        let lasted = tokio::time::timeout(Duration::from_secs(20), stream).await.unwrap().unwrap();
        assert!(lasted >= Duration::from_secs(1) && lasted < Duration::from_secs(15), "{lasted:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_given_up_and_others_are_served_meanwhile() {
    let office = Office::open("timeout_seconds = 3");
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut stream = office.connect().await;
        stream.write_all(head("Content-Length: 100").as_bytes()).await.unwrap();
        stream.write_all(b"slow").await.unwrap();
        slow.push(stream);
    }
    let since = Instant::now();
    assert_eq!(office.send(office.document("", "a good one")).await.status, 202);
    assert!(since.elapsed() < Duration::from_secs(3), "the good one waited for the slow ones");
    for mut stream in slow {
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("within 3 s"), "{answer}");
    }
    assert_eq!(office.ask(&["documents", "list"]).as_array().unwrap().len(), 1);
}

/// One body of unknown length may take all the memory there is: who comes meanwhile waits, and is told to come again.
#[tokio::test(flavor = "multi_thread")]
async fn too_much_at_once_is_told_to_come_again() {
    let office = Office::open("timeout_seconds = 20\nmax_bytes = 100000\nmax_buffered_bytes = 100000");
    let mut greedy = office.connect().await;
    greedy.write_all(head("Transfer-Encoding: chunked").as_bytes()).await.unwrap();
    greedy.write_all(b"4\r\nslow\r\n").await.unwrap();
    // Until its head was read, others are still served.
    let end = Instant::now() + Duration::from_secs(30);
    let refused = loop {
        let answer = office.send(office.document("", "a good one")).await;
        if answer.status == 503 {
            break answer;
        }
        assert!(Instant::now() < end, "{answer:?}");
    };
    assert_eq!((refused.problem().as_str(), refused.header("retry-after")), ("unavailable", "2"));
    assert_eq!(office.get("/healthz").await.status, 200);
    greedy.write_all(b"0\r\n\r\n").await.unwrap();
    let mut start = [0; 12];
    greedy.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 202");
    assert_eq!(office.send(office.document("", "a good one")).await.status, 202);
}

/// Somebody who asks and never reads what he is told holds the only connection, but not for ever.
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_take_his_answers_is_cut() {
    let office = Office::open("timeout_seconds = 1\nmax_connections = 1");
    let mut deaf = office.connect().await;
    let ask = b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
    let blocked = async { while deaf.write_all(&ask).await.is_ok() {} };
    let stuck = tokio::time::timeout(Duration::from_secs(3), blocked).await;
    assert!(stuck.is_err(), "the answers were to be more than anybody buffers");
    assert_eq!(office.get("/healthz").await.status, 200);
    let blocked = async { while deaf.write_all(&ask).await.is_ok() {} };
    assert!(tokio::time::timeout(Duration::from_secs(5), blocked).await.is_ok(), "it still holds on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    let office = Office::open("max_bytes = 100000\nmax_buffered_bytes = 100000");
    for _ in 0..5 {
        let mut stream = office.connect().await;
        stream.write_all(head("Content-Length: 100000").as_bytes()).await.unwrap();
        stream.write_all(&[b'x'; 5000]).await.unwrap();
        drop(stream);
    }
    let sent = office.send(office.document("", vec![b'y'; 100_000])).await;
    assert_eq!(sent.status, 202, "the memory of those who left is free again");
    assert_eq!(office.ask(&["documents", "list"]).as_array().unwrap().len(), 1);
}
