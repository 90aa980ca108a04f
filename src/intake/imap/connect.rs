//! Opens the connection to a mail server: TCP, TLS with its certificate checked, STARTTLS by hand.

use super::settings::{Mailbox, Security};
use super::trouble::{Trouble, said};
use super::wire::{SLICE, Stream, Wire, is_slice};
use crate::runtime::outside::{Point, call_here};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const CONNECT: Duration = Duration::from_secs(10);
const HANDSHAKE: Duration = Duration::from_secs(20);
const WRITE: Duration = Duration::from_secs(20);

/// A connection over which a password may go, its greeting read.
pub(super) fn connect(mailbox: &Mailbox, stop: &CancellationToken) -> Result<Wire, Trouble> {
    let tcp = call_here(Point::IntakeRead, || dial(mailbox))?;
    match mailbox.security {
        Security::Tls => {
            let wire = Wire::new(secure(mailbox, tcp, stop)?, stop.clone());
            greet(&wire)?;
            Ok(wire)
        }
        Security::None => {
            let wire = Wire::new(Stream::Plain(tcp), stop.clone());
            greet(&wire)?;
            Ok(wire)
        }
        Security::StartTls => start_tls(mailbox, tcp, stop),
    }
}

fn dial(mailbox: &Mailbox) -> Result<TcpStream, Trouble> {
    let (host, port) = (mailbox.host.trim_start_matches('[').trim_end_matches(']'), mailbox.port());
    let away = |why: String| Trouble::Away(format!("{host}:{port} can't be reached: {}", said(&why)));
    let addresses: Vec<SocketAddr> =
        (host, port).to_socket_addrs().map_err(|e| away(e.to_string()))?.take(8).collect();
    let mut why = "the name has no address".to_owned();
    for address in addresses {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(tcp) => {
                let timed = tcp
                    .set_read_timeout(Some(SLICE))
                    .and_then(|()| tcp.set_write_timeout(Some(WRITE)))
                    .and_then(|()| tcp.set_nodelay(true));
                return timed.map(|()| tcp).map_err(|e| away(e.to_string()));
            }
            Err(error) => why = error.to_string(),
        }
    }
    Err(away(why))
}

fn greet(wire: &Wire) -> Result<(), Trouble> {
    let what = "the server's greeting";
    let line = wire.line().map_err(|e| Trouble::io(&e, what))?;
    let text = String::from_utf8_lossy(&line);
    if text.to_ascii_uppercase().starts_with("* OK") {
        return Ok(());
    }
    Err(Trouble::Away(format!("the server does not serve us: {}", said(&text))))
}

/// Nothing that came in the clear counts after it: an answer that brings more with it was tampered with.
fn start_tls(mailbox: &Mailbox, tcp: TcpStream, stop: &CancellationToken) -> Result<Wire, Trouble> {
    let wire = Wire::new(Stream::Plain(tcp), stop.clone());
    greet(&wire)?;
    let offered = ask(&wire, "s1", "CAPABILITY")?;
    let offers = |line: &String| line.split_ascii_whitespace().any(|it| it.eq_ignore_ascii_case("STARTTLS"));
    if !offered.iter().any(offers) {
        return Err(Trouble::Wrong(
            "the server does not offer STARTTLS, and the password does not go in the clear; try security = \"tls\""
                .to_owned(),
        ));
    }
    ask(&wire, "s2", "STARTTLS")?;
    if wire.holds_more() {
        return Err(Trouble::Wrong(
            "more came in the clear after STARTTLS: somebody is in between, or the server is broken"
                .to_owned(),
        ));
    }
    let tcp = wire.into_plain().ok_or_else(|| Trouble::Away("the connection was lost".to_owned()))?;
    Ok(Wire::new(secure(mailbox, tcp, stop)?, stop.clone()))
}

/// A command before the login; the untagged lines of its answer.
fn ask(wire: &Wire, tag: &str, command: &str) -> Result<Vec<String>, Trouble> {
    let lost = |e: std::io::Error| Trouble::io(&e, command);
    wire.send(&format!("{tag} {command}\r\n")).map_err(lost)?;
    let mut lines = Vec::new();
    loop {
        let line = wire.line().map_err(lost)?;
        let text = String::from_utf8_lossy(&line).into_owned();
        match text.strip_prefix(tag) {
            Some(rest) if rest.trim_start().to_ascii_uppercase().starts_with("OK") => return Ok(lines),
            Some(rest) => return Err(Trouble::Wrong(format!("{command} was refused: {}", said(rest)))),
            None if lines.len() < 100 => lines.push(text),
            None => return Err(Trouble::Away(format!("{command}: the answer has no end"))),
        }
    }
}

fn secure(mailbox: &Mailbox, mut tcp: TcpStream, stop: &CancellationToken) -> Result<Stream, Trouble> {
    let host = mailbox.host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Trouble::Wrong(format!("host `{}` is neither a name nor an address", said(host))))?;
    let config = trust(mailbox.ca_file.as_deref())?;
    let mut tls = ClientConnection::new(Arc::new(config), name)
        .map_err(|e| Trouble::Wrong(format!("TLS can't be begun: {e}")))?;
    let end = Instant::now() + HANDSHAKE;
    while tls.is_handshaking() {
        if stop.is_cancelled() {
            return Err(Trouble::Stopping);
        }
        match tls.complete_io(&mut tcp) {
            Ok(_) => {}
            Err(error) if is_slice(&error) && Instant::now() < end => {}
            Err(error) => return Err(unsafe_line(&error)),
        }
    }
    Ok(Stream::Tls(Box::new(StreamOwned::new(tls, tcp))))
}

fn unsafe_line(error: &std::io::Error) -> Trouble {
    let tls = error.get_ref().and_then(|it| it.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(why)) => Trouble::Wrong(format!(
            "the server's certificate is refused: {}; if it is your own, name its issuer in ca_file",
            said(&why.to_string())
        )),
        Some(other) => Trouble::Wrong(format!("no TLS with this server: {}", said(&other.to_string()))),
        None => Trouble::io(error, "TLS"),
    }
}

/// The system's roots and those of `ca_file`.
fn trust(ca_file: Option<&Path>) -> Result<ClientConfig, Trouble> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in extra(ca_file)? {
        roots
            .add(certificate)
            .map_err(|e| Trouble::Wrong(format!("ca_file has no issuer's certificate: {e}")))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Trouble::Wrong(format!("TLS can't be set up: {e}")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// The certificates of `ca_file`.
pub(super) fn extra(ca_file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, Trouble> {
    let Some(path) = ca_file else { return Ok(Vec::new()) };
    let wrong =
        |why: String| Trouble::Wrong(format!("ca_file {} can't be used: {}", path.display(), said(&why)));
    let found = CertificateDer::pem_file_iter(path).map_err(|e| wrong(e.to_string()))?;
    let found: Result<Vec<_>, _> = found.collect();
    match found {
        Ok(found) if found.is_empty() => Err(wrong("there is no certificate in it".to_owned())),
        Ok(found) => Ok(found),
        Err(error) => Err(wrong(error.to_string())),
    }
}
