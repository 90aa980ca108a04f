//! A mail server that does what a test says at each verb: no real one can be made to drop, hang or contradict itself at will.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Where a talk stands, when the server has to say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Greeting,
    Ehlo,
    Mail,
    Rcpt,
    Data,
    /// The first bytes of the mail are there.
    Middle,
    /// The whole mail is there, its final dot too.
    Dot,
    Rset,
    Quit,
}

/// The place of an answer.
#[derive(Debug, Clone)]
pub(crate) struct At {
    pub(crate) stage: Stage,
    /// From 1.
    pub(crate) connection: usize,
    /// Mails that this connection has carried.
    pub(crate) carried: usize,
    /// What the client said, `RCPT TO:<…>` say.
    pub(crate) line: String,
}

/// What the server does.
#[derive(Debug, Clone)]
pub(crate) enum Do {
    /// What a good server does.
    Well,
    Say(&'static str),
    /// Says nothing and closes.
    Drop,
    /// Says what a good server says, then closes.
    WellThenDrop,
    /// Says nothing, and listens on.
    Hang,
    /// Says what a good server says, a byte at a time with such pauses.
    Drip(Duration),
}

/// A mail that the server has taken, or has at least got whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) message_id: String,
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) text: String,
}

type Script = Arc<dyn Fn(&At) -> Do + Send + Sync>;

/// A server; its connections end with the clients'.
pub(crate) struct Scripted {
    pub(crate) port: u16,
    got: Arc<Mutex<Vec<Got>>>,
    said: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Scripted {
    pub(crate) fn start(script: impl Fn(&At) -> Do + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let script: Script = Arc::new(script);
        let (got, said) = (Arc::<Mutex<Vec<Got>>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let connections = Arc::new(AtomicUsize::new(0));
        let server = Self { port, got: got.clone(), said: said.clone(), connections: connections.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let connection = connections.fetch_add(1, Ordering::SeqCst) + 1;
                let (script, got, said) = (script.clone(), got.clone(), said.clone());
                std::thread::spawn(move || {
                    let mut talk = Talk::new(stream, connection, script, (got, said));
                    // The client may go at any time.
                    let _ = talk.run();
                    let _ = talk.out.shutdown(Shutdown::Both);
                });
            }
        });
        server
    }

    /// What it got, whole.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// What clients said: `<connection> <line>`.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

struct Talk {
    reader: BufReader<TcpStream>,
    out: TcpStream,
    script: Script,
    got: Arc<Mutex<Vec<Got>>>,
    said: Arc<Mutex<Vec<String>>>,
    connection: usize,
    carried: usize,
    from: String,
    to: Vec<String>,
}

/// The connection is over.
struct Over;

impl From<std::io::Error> for Over {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

type Logs = (Arc<Mutex<Vec<Got>>>, Arc<Mutex<Vec<String>>>);

impl Talk {
    fn new(stream: TcpStream, connection: usize, script: Script, (got, said): Logs) -> Self {
        let reader = BufReader::new(stream.try_clone().unwrap());
        let (from, to) = (String::new(), Vec::new());
        Self { reader, out: stream, script, got, said, connection, carried: 0, from, to }
    }

    fn run(&mut self) -> Result<(), Over> {
        self.answer(Stage::Greeting, "", "220 scripted.example ready\r\n")?;
        loop {
            let line = self.line()?;
            self.said.lock().unwrap().push(format!("{} {line}", self.connection));
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    let can = "250-scripted.example\r\n250-SIZE 100000000\r\n250 8BITMIME\r\n";
                    self.answer(Stage::Ehlo, &line, can)?;
                }
                "MAIL" => {
                    self.from = between(&line);
                    self.to.clear();
                    self.answer(Stage::Mail, &line, "250 ok\r\n")?;
                }
                "RCPT" => {
                    if self.answer(Stage::Rcpt, &line, "250 ok\r\n")? {
                        self.to.push(between(&line));
                    }
                }
                "DATA" => {
                    if self.answer(Stage::Data, &line, "354 go on\r\n")? {
                        self.mail()?;
                    }
                }
                "RSET" | "NOOP" => {
                    self.answer(Stage::Rset, &line, "250 ok\r\n")?;
                }
                "QUIT" => {
                    self.answer(Stage::Quit, &line, "221 bye\r\n")?;
                    return Err(Over);
                }
                _ => self.out.write_all(b"500 what?\r\n")?,
            }
        }
    }

    fn mail(&mut self) -> Result<(), Over> {
        let mut text = String::new();
        let mut first = true;
        loop {
            let line = self.line()?;
            if first {
                first = false;
                let what = self.asked(Stage::Middle, "");
                if matches!(what, Do::Hang) {
                    std::thread::park_timeout(Duration::from_secs(3));
                }
                if !matches!(what, Do::Well) {
                    return Err(Over);
                }
            }
            if line == "." {
                break;
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push('\n');
        }
        let message_id = text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap_or_default();
        let got = Got {
            message_id: message_id.to_owned(),
            from: self.from.clone(),
            to: self.to.clone(),
            text: text.clone(),
        };
        // Whatever it says or does not say, only a refusal means that it has not taken the mail.
        let what = self.asked(Stage::Dot, "");
        let refused = matches!(&what, Do::Say(words) if !words.starts_with('2'));
        if !refused {
            self.got.lock().unwrap().push(got);
        }
        self.carried += 1;
        self.act(what, "250 taken\r\n").map(drop)
    }

    fn asked(&self, stage: Stage, line: &str) -> Do {
        let line = line.to_owned();
        (self.script)(&At { stage, connection: self.connection, carried: self.carried, line })
    }

    /// Answers as the script has it; whether that was a yes.
    fn answer(&mut self, stage: Stage, line: &str, well: &str) -> Result<bool, Over> {
        let what = self.asked(stage, line);
        self.act(what, well)
    }

    fn act(&mut self, what: Do, well: &str) -> Result<bool, Over> {
        match what {
            Do::Well => self.out.write_all(well.as_bytes())?,
            Do::Say(words) => {
                self.out.write_all(format!("{words}\r\n").as_bytes())?;
                return Ok(words.starts_with(['2', '3']));
            }
            Do::Drop => return Err(Over),
            Do::WellThenDrop => {
                self.out.write_all(well.as_bytes())?;
                return Err(Over);
            }
            Do::Hang => {
                let _ = self.reader.read_to_end(&mut Vec::new());
                return Err(Over);
            }
            Do::Drip(pause) => {
                for byte in well.bytes() {
                    self.out.write_all(&[byte])?;
                    std::thread::sleep(pause);
                }
            }
        }
        Ok(true)
    }

    fn line(&mut self) -> Result<String, Over> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(Over);
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

fn between(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(address, _)| address.to_owned()).unwrap_or_default()
}
