//! `gendan health` against whoever may answer.

use crate::servers::free_port;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output};

/// How it ends when the one that is asked says this.
fn asked(answer: &'static [u8]) -> (Output, String) {
    asked_by(answer, health)
}

/// The same, with how it is asked.
fn asked_by(answer: &'static [u8], health: impl Fn(&str) -> Output) -> (Output, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let other = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let length = stream.read(&mut request).unwrap();
        stream.write_all(answer).unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let output = health(&address);
    (output, other.join().unwrap())
}

fn health(address: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gendan")).args(["health", address]).output().unwrap()
}

#[test]
fn who_is_ready_is_healthy() {
    let (output, request) = asked(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(request.starts_with("GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:"), "{request}");
}

/// A probe in a container names no address.
#[test]
fn without_an_address_the_settings_say_where() {
    let folder = tempfile::TempDir::new().unwrap();
    let in_folder = |listen: &str| {
        std::fs::write(folder.path().join("gendan.toml"), format!("[http]\nlisten = '{listen}'\n")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_gendan"));
        command.env_remove("GENDAN_HEALTH").arg("--dir").arg(folder.path()).arg("health").output().unwrap()
    };
    let everywhere = |address: &str| in_folder(&address.replace("127.0.0.1", "0.0.0.0"));
    let (output, _) = asked_by(b"HTTP/1.1 200 OK\r\n\r\n", everywhere);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let output = in_folder("");
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("http.listen is empty"), "{output:?}");
}

#[test]
fn who_is_not_ready_or_silent_is_not_healthy() {
    let (stopping, nonsense): (&[u8], &[u8]) =
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\nstopping", b"220 mail ESMTP\r\n");
    for (answer, why) in
        [(stopping, "503 Service Unavailable stopping"), (nonsense, "220 mail ESMTP"), (b"", "not ready")]
    {
        let (output, _) = asked(answer);
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains(why), "{output:?}");
    }
    let output = health(&format!("127.0.0.1:{}", free_port()));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nobody answers"), "{output:?}");
    // One that takes the connection and says nothing: it is given up before any health check's own limit.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let output = health(&silent.local_addr().unwrap().to_string());
    assert!(String::from_utf8_lossy(&output.stderr).contains("has not answered in 4 s"), "{output:?}");
}
