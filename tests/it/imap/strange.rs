//! Servers of other makers: what they say that Dovecot never would.

use super::desk::mail;
use gendan::config::Config;
use gendan::intake::imap::cursor::{Cursor, Waits};
use gendan::intake::imap::settings::Mailbox;
use gendan::intake::imap::{Reader, shelf};
use gendan::order::document::Document;
use gendan::runtime::house::House;
use gendan::store::{Filter, Kind};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// What the maker does in his own way: from a command, the bytes of the answer and whether it hangs up then.
type Own = Box<dyn FnMut(&str) -> Option<(Vec<u8>, bool)> + Send>;

/// A server with these mails in INBOX, by (UID, size that it tells, bytes).
struct Strange {
    port: u16,
    said: Arc<Mutex<Vec<String>>>,
}

impl Strange {
    fn start(mails: Vec<(u32, usize, Vec<u8>)>, own: Own) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (own, mails, heard) = (Arc::new(Mutex::new(own)), Arc::new(mails), said.clone());
        // Ends with the test's process.
        std::thread::spawn(move || {
            for tcp in listener.incoming() {
                let (own, mails, heard) = (own.clone(), mails.clone(), heard.clone());
                std::thread::spawn(move || serve(tcp.unwrap(), &own, &mails, &heard));
            }
        });
        Self { port, said }
    }

    fn heard(&self, command: &str) -> usize {
        self.said.lock().unwrap().iter().filter(|it| it.starts_with(command)).count()
    }
}

fn serve(
    mut tcp: TcpStream,
    own: &Mutex<Own>,
    mails: &[(u32, usize, Vec<u8>)],
    heard: &Mutex<Vec<String>>,
) -> Option<()> {
    tcp.write_all(b"* OK ready\r\n").ok()?;
    let mut lines = BufReader::new(tcp.try_clone().ok()?).lines();
    while let Some(Ok(line)) = lines.next() {
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        heard.lock().unwrap().push(command.to_owned());
        let answered = (own.lock().unwrap())(command);
        let (mut answer, hang_up) = answered.unwrap_or_else(|| (usual(command, mails), false));
        if !hang_up && !answer.ends_with(b"OVER\r\n") {
            let all = answer.split(|byte| *byte == b'\n').any(|it| it.starts_with(b"TAG "));
            answer.extend(if all { Vec::new() } else { b"TAG OK done\r\n".to_vec() });
        }
        let at = answer.windows(4).rposition(|it| it == b"TAG ");
        if let Some(at) = at {
            answer.splice(at..at + 3, tag.bytes());
        }
        tcp.write_all(&answer).ok()?;
        if hang_up {
            return None;
        }
    }
    None
}

fn usual(command: &str, mails: &[(u32, usize, Vec<u8>)]) -> Vec<u8> {
    let count = mails.len();
    if command == "CAPABILITY" {
        return b"* CAPABILITY IMAP4rev1\r\n".to_vec();
    }
    if command.starts_with("SELECT") {
        return format!("* {count} EXISTS\r\n* OK [UIDVALIDITY 5] ok\r\n* OK [UIDNEXT 99] ok\r\n")
            .into_bytes();
    }
    let mut answer = Vec::new();
    for (n, (uid, size, bytes)) in (1..).zip(mails) {
        if command.contains("INTERNALDATE") {
            let date = "INTERNALDATE \"10-Mar-2026 09:00:00 +0800\"";
            answer.extend(format!("* {n} FETCH (UID {uid} RFC822.SIZE {size} {date})\r\n").bytes());
        } else if command == format!("UID FETCH {uid} (UID BODY.PEEK[])") {
            answer.extend(body(n, *uid, bytes.len(), bytes));
        }
    }
    answer
}

fn body(n: u32, uid: u32, length: usize, bytes: &[u8]) -> Vec<u8> {
    let head = format!("* {n} FETCH (FLAGS () BODY[] {{{length}}}\r\n").into_bytes();
    [&head, bytes, format!(" UID {uid})\r\n").as_bytes()].concat()
}

/// A data folder that reads from it.
struct Desk {
    folder: TempDir,
    mailbox: Mailbox,
}

impl Desk {
    fn new(server: &Strange, security: &str) -> Self {
        let text = format!(
            "name = 'orders'\nhost = '127.0.0.1'\nport = {}\nsecurity = '{security}'\nuser = 'orders'\n\
             password = 'geheim'\nmax_bytes = 10000",
            server.port
        );
        Self { folder: TempDir::new().unwrap(), mailbox: toml::from_str(&text).unwrap() }
    }

    async fn house(&self) -> House {
        House::open(self.folder.path(), Config::load(None, []).unwrap()).await.unwrap()
    }

    async fn look(&self) -> Result<usize, String> {
        let intake = self.house().await.intake(None);
        Reader::new(self.mailbox.clone(), 1, intake).once(CancellationToken::new()).await
    }

    async fn cursor(&self) -> Cursor {
        let found = self.house().await.store.load(&[shelf::key(&self.mailbox)]).await.unwrap();
        shelf::read(found.into_iter().next().flatten()).unwrap().0
    }

    /// The bytes of all documents.
    async fn documents(&self) -> Vec<Vec<u8>> {
        let house = self.house().await;
        let mut all = Vec::new();
        for it in house.store.list(Kind::Document, &Filter::default()).await.unwrap() {
            let document: Document = it.body.read().unwrap();
            all.push(house.blobs.get(&document.sha256).await.unwrap());
        }
        all
    }
}

fn nothing() -> Own {
    Box::new(|_| None)
}

fn once(command: &'static str, answer: impl Into<Vec<u8>>, hang_up: bool) -> Own {
    let mut answer = Some(answer.into());
    Box::new(move |it| if it.starts_with(command) { answer.take().map(|it| (it, hang_up)) } else { None })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_in_chinese_is_a_refusal() {
    let server = Strange::start(Vec::new(), once("LOGIN", "TAG NO 用户名或密码错误\r\n", false));
    let desk = Desk::new(&server, "none");
    let why = desk.look().await.unwrap_err();
    assert!(why.contains("refuses user orders") && why.contains("用户名或密码错误"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_slipped_in_before_tls_ends_the_connection() {
    let own: Own = Box::new(|command| match command {
        "CAPABILITY" => Some((b"* CAPABILITY IMAP4rev1 STARTTLS\r\n".to_vec(), false)),
        "STARTTLS" => Some((b"TAG OK begin\r\n* 1 EXISTS OVER\r\n".to_vec(), false)),
        _ => None,
    });
    let server = Strange::start(Vec::new(), own);
    let why = Desk::new(&server, "starttls").look().await.unwrap_err();
    assert!(why.contains("in the clear after STARTTLS"), "{why}");
    assert_eq!((server.heard("LOGIN"), server.heard("STARTTLS")), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nul_and_sizes_by_other_ends_of_lines_are_taken_as_they_are() {
    let nul = [&mail(1, 3)[..], b"\0\xff\r\ng4 OK done\r\n"].concat();
    let bare: Vec<u8> = mail(2, 30).into_iter().filter(|byte| *byte != b'\r').collect();
    let mails = vec![(3, nul.len() - 4, nul.clone()), (4, bare.len() + 30, bare.clone())];
    let server = Strange::start(mails, nothing());
    let desk = Desk::new(&server, "none");
    assert_eq!(desk.look().await, Ok(2), "{:?}", desk.cursor().await);
    let mut documents = desk.documents().await;
    documents.sort();
    let mut sent = vec![nul, bare];
    sent.sort();
    assert_eq!(documents, sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_in_a_body_leaves_nothing_half_taken() {
    let whole = mail(1, 100);
    let half = body(1, 3, whole.len(), &whole[..whole.len() / 2]);
    let server =
        Strange::start(vec![(3, whole.len(), whole.clone())], once("UID FETCH 3 (UID BODY", half, true));
    let desk = Desk::new(&server, "none");
    let why = desk.look().await.unwrap_err();
    assert!(why.contains("fetching a mail"), "{why}");
    assert_eq!((desk.documents().await.len(), desk.look().await), (0, Ok(1)));
    assert_eq!(desk.documents().await, [whole]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_larger_than_was_said_is_never_read() {
    let (large, small) = (mail(1, 10), mail(2, 10));
    let mails = vec![(3, large.len(), large), (4, small.len(), small.clone())];
    let answer = b"* 1 FETCH (UID 3 BODY[] {99999999999}\r\n".to_vec();
    let server = Strange::start(mails, once("UID FETCH 3 (UID BODY", answer, true));
    let desk = Desk::new(&server, "none");
    assert!(desk.look().await.unwrap_err().contains("larger than the server said"));
    assert_eq!(desk.cursor().await.open[&3].kind, Waits::TooLarge);
    assert_eq!(desk.look().await, Ok(1), "the others go on");
    assert_eq!(desk.documents().await, [small]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_of_which_the_server_gives_a_part_is_tried_again() {
    let whole = mail(1, 100);
    let server = Strange::start(vec![(3, whole.len() * 2, whole)], nothing());
    let desk = Desk::new(&server, "none");
    assert_eq!(desk.look().await, Ok(0));
    let open = desk.cursor().await.open[&3].clone();
    assert!(open.why.contains("of its") && open.next.is_some() && open.attempts == 1, "{open:?}");
    assert_eq!(desk.documents().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_panics_at_ends_one_session_only() {
    let server =
        Strange::start(Vec::new(), once("SELECT", "* NO something is odd\r\nTAG OK done\r\n", false));
    let desk = Desk::new(&server, "none");
    let why = desk.look().await.unwrap_err();
    assert!(why.contains("can't understand"), "{why}");
    assert_eq!(desk.look().await, Ok(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_told_before_the_server_says_that_it_waits_wakes_us() {
    let told = Arc::new(Mutex::new(0));
    let count = told.clone();
    let own: Own = Box::new(move |command| {
        if command == "CAPABILITY" {
            return Some((b"* CAPABILITY IMAP4rev1 IDLE\r\n".to_vec(), false));
        }
        let mut count = count.lock().unwrap();
        *count += usize::from(command == "IDLE");
        (command == "IDLE").then(|| (b"* 1 EXISTS\r\n+ idling OVER\r\n".to_vec(), false))
    });
    let server = Strange::start(Vec::new(), own);
    let desk = Desk::new(&server, "none");
    let stop = CancellationToken::new();
    let reader = Reader::new(
        Mailbox { poll_seconds: 600, ..desk.mailbox.clone() },
        1,
        desk.house().await.intake(None),
    );
    let running = tokio::spawn(reader.run(stop.clone()));
    // The wait ends with the tagged answer to DONE, which this server never gives: what counts is that it was asked.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while server.said.lock().unwrap().iter().all(|it| !it.is_empty()) {
        assert!(std::time::Instant::now() < end, "no DONE: {:?}", server.said.lock().unwrap());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    stop.cancel();
    running.await.unwrap();
    assert_eq!(*told.lock().unwrap(), 1);
}
