//! `gendan health`: asks a running instance whether it is ready, for containers that have no other way to ask.

use super::context::Context;
use super::{End, Stop};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Shorter than the time limit of any health check, so that the reason is told.
const PATIENCE: Duration = Duration::from_secs(4);

/// More of an answer is not read: the status is in its first line, what is wrong in its short body.
const LONGEST: u64 = 8192;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where the instance listens; what `http.listen` says where it is not named 地址
    #[arg(value_name = "HOST:PORT", env = "GENDAN_HEALTH")]
    address: Option<String>,
}

pub(super) async fn run(arguments: Arguments, context: &mut Context) -> Result<End, Stop> {
    let address = match arguments.address {
        Some(address) => address,
        None => listens(&context.settings()?.http.listen)?,
    };
    let asked = tokio::time::timeout(PATIENCE, ask(&address)).await;
    let answer = match asked {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(failed(format!("nobody answers at {address}: {error}"))),
        Err(_) => return Err(failed(format!("{address} has not answered in {} s", PATIENCE.as_secs()))),
    };
    let ready = status(&answer) == Some(200);
    if !ready {
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body.trim());
        let first = answer.lines().next().unwrap_or_default();
        return Err(failed(format!("{address} is not ready: {first} {body}")));
    }
    if context.out.json {
        context.out.json(&serde_json::json!({"address": address, "ready": true}))?;
    } else {
        context.out.line(format!("{address} is ready"))?;
    }
    Ok(End::Done)
}

/// Where an instance with this setting is asked from beside it: one that listens everywhere listens here too.
fn listens(setting: &str) -> Result<String, Stop> {
    if setting.is_empty() {
        return Err(Stop::Config("http.listen is empty: set it, or name HOST:PORT".to_owned()));
    }
    let local = setting.strip_prefix("0.0.0.0:").map(|port| format!("127.0.0.1:{port}"));
    let local = local.or_else(|| setting.strip_prefix("[::]:").map(|port| format!("[::1]:{port}")));
    Ok(local.unwrap_or_else(|| setting.to_owned()))
}

fn failed(why: String) -> Stop {
    Stop::Failed(anyhow::Error::msg(why))
}

/// The answer to `GET /readyz`, as it came.
async fn ask(address: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The status of an answer (RFC 9112, 4: `HTTP/1.1 200 OK`); none if it is no HTTP.
fn status(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{listens, status};

    #[test]
    fn one_that_listens_everywhere_is_asked_here() {
        for (setting, address) in
            [("0.0.0.0:8080", "127.0.0.1:8080"), ("[::]:8080", "[::1]:8080"), ("10.1.2.3:80", "10.1.2.3:80")]
        {
            assert_eq!(listens(setting).ok().as_deref(), Some(address));
        }
        assert!(listens("").is_err());
    }

    #[test]
    fn only_http_has_a_status() {
        assert_eq!(status("HTTP/1.1 200 OK\r\n\r\n"), Some(200));
        assert_eq!(status("HTTP/1.0 503\r\n"), Some(503));
        assert_eq!(status("220 mail ESMTP 200\r\n"), None);
        assert_eq!(status(""), None);
    }
}
