//! The server's first words, read by hand: its name and version, which lapin keeps to itself.

use super::settings::RabbitSettings;
use crate::broker::BrokerError;
use lapin::tcp::{AMQPUriTcpExt as _, TLSConfig};
use std::io::{Read as _, Write as _};

/// AMQP 0-9-1 §4.2.2: the protocol header that a client begins with.
const HEADER: &[u8] = b"AMQP\x00\x00\x09\x01";
/// More than any server says of itself.
const MOST: usize = 16 * 1024;
const FRAME_END: u8 = 0xCE;

/// Connects, reads who is there (`RabbitMQ 3.10.8`), and goes away.
pub(super) async fn hello(settings: &RabbitSettings) -> Result<String, BrokerError> {
    let uri = settings.uri().map_err(BrokerError)?;
    let authority = settings.authority().map_err(BrokerError)?;
    let (limit, server) = (settings.answer(), settings.server());
    let asked = tokio::task::spawn_blocking(move || {
        let tls = TLSConfig { identity: None, cert_chain: authority.as_deref() };
        let mut stream = uri.connect_with_config(tls).map_err(std::io::Error::other)?;
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(limit))?;
        stream.set_write_timeout(Some(limit))?;
        stream.write_all(HEADER)?;
        stream.flush()?;
        let mut said = Vec::new();
        let mut chunk = [0; 1024];
        while said.len() < MOST && said.last() != Some(&FRAME_END) {
            match stream.read(&mut chunk)? {
                0 => break,
                read => said.extend_from_slice(&chunk[..read]),
            }
        }
        Ok::<_, std::io::Error>(said)
    });
    let said = tokio::time::timeout(limit * 3, asked).await;
    let said = said.map_err(|_| BrokerError(format!("{server}: no answer")))?;
    let said = said.map_err(|error| BrokerError(error.to_string()))?;
    let said = said.map_err(|error| BrokerError(format!("{server}: {error}")))?;
    let words = [property(&said, "product"), property(&said, "version")];
    match words {
        [Some(product), Some(version)] => Ok(format!("{product} {version}")),
        [None, _] | [_, None] => Err(BrokerError(format!("{server}: whoever answers there is no RabbitMQ"))),
    }
}

/// A long string of the server's properties: name with its length, `S`, length, text.
fn property(said: &[u8], name: &str) -> Option<String> {
    let mut key = vec![u8::try_from(name.len()).ok()?];
    key.extend_from_slice(name.as_bytes());
    key.push(b'S');
    let at = said.windows(key.len()).position(|window| window == key)? + key.len();
    let length = u32::from_be_bytes(said.get(at..at + 4)?.try_into().ok()?);
    let text = said.get(at + 4..)?.get(..usize::try_from(length).ok()?)?;
    Some(String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::property;

    #[test]
    fn a_property_is_found_or_not() {
        let said = b"\x01\x00\x07productS\x00\x00\x00\x08RabbitMQ\x07versionS\x00\x00\x00\x063.10.8";
        assert_eq!(property(said, "product").as_deref(), Some("RabbitMQ"));
        assert_eq!(property(said, "version").as_deref(), Some("3.10.8"));
        assert_eq!(property(said, "platform"), None);
        assert_eq!(property(b"\x07versionS\x00\xff\x00\x06", "version"), None);
    }
}
