//! A data folder in which the real program works and listens, and a client that holds each answer against the description.

use crate::servers::{Process, until};
use gendan::order::ids::sha256_hex;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;

pub(super) const SCANNER: &str = "a-secret-of-the-scanner-that-is-long-enough";
pub(super) const SHOP: &str = "a-secret-of-the-shop-that-is-long-enough-too";
const LIMIT: Duration = Duration::from_secs(60);

pub(super) struct Office {
    folder: TempDir,
    process: Option<Process>,
    address: String,
    client: Client,
    api: Value,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The last part of a problem's type.
    pub(super) fn problem(&self) -> String {
        let json = self.json();
        json["type"].as_str().unwrap_or_default().trim_start_matches("urn:gendan:problem:").to_owned()
    }
}

impl Office {
    /// `http`: lines for `[http]` beside `listen`. The scanner may send documents, the shop orders.
    pub(super) fn open(http: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = TempDir::new().unwrap();
        let token = |name: &str, scope: &str, secret: &str| {
            let hash = sha256_hex(secret.as_bytes());
            format!("[[http.tokens]]\nname = \"{name}\"\nscopes = [\"{scope}\"]\nsha256 = \"{hash}\"\n")
        };
        let settings = format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n{http}\n{}{}",
            token("scanner", "documents", SCANNER),
            token("shop", "orders", SHOP)
        );
        fs::write(folder.path().join("gendan.toml"), settings).unwrap();
        let api = serde_json::from_str(include_str!("../../../schemas/openapi.json")).unwrap();
        let client = Client::builder().no_proxy().timeout(LIMIT).build().unwrap();
        let mut office = Self { folder, process: None, address: String::new(), client, api };
        office.start();
        office
    }

    pub(super) fn start(&mut self) {
        let log = self.path().join("gendan.log");
        let _ = fs::remove_file(&log);
        let mut command = self.command(&["run"]);
        command.env("GENDAN_LOG", "info");
        self.process = Some(Process::start("gendan", &mut command, self.path()));
        let address =
            |text: &str| text.split("listening on http://").nth(1)?.lines().next().map(str::to_owned);
        until("it listens", LIMIT, || address(&self.log()).is_some());
        self.address = address(&self.log()).unwrap();
    }

    /// SIGTERM, and waits for the end.
    pub(super) fn stop(&mut self) {
        self.process.take().unwrap().terminate(LIMIT);
    }

    /// SIGTERM, and goes on at once.
    pub(super) fn tell_to_stop(&self) {
        let id = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    pub(super) fn until_ended(&mut self) {
        let mut process = self.process.take().unwrap();
        until("it ends", LIMIT, || !process.is_alive());
    }

    /// What the program printed and logged.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.path().join("gendan.log")).unwrap_or_default()
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gendan"));
        command.arg("--dir").arg(self.path()).args(arguments).env_remove("GENDAN_FAILPOINT");
        command
    }

    /// What a command prints with `--json`.
    pub(super) fn ask(&self, arguments: &[&str]) -> Value {
        let output = self.command(&["--json"]).args(arguments).output().unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{arguments:?}: {e}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Documents whose bytes are kept.
    pub(super) fn blobs(&self) -> usize {
        let folders = fs::read_dir(self.path().join("blobs")).unwrap();
        folders.map(|folder| fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    pub(super) async fn is_open(&self) -> bool {
        TcpStream::connect(&self.address).await.is_ok()
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    pub(super) fn document(&self, query: &str, body: impl Into<Vec<u8>>) -> RequestBuilder {
        let path = format!("/api/documents{query}");
        self.request(Method::POST, &path).bearer_auth(SCANNER).body(body.into())
    }

    pub(super) fn order(&self, body: impl Into<Vec<u8>>) -> RequestBuilder {
        let request = self.request(Method::POST, "/api/orders").bearer_auth(SHOP).body(body.into());
        request.header(CONTENT_TYPE, "application/json")
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Sends, and checks that the description knows this answer.
    pub(super) async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self.client.execute(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = Answer { status, headers, text: response.text().await.unwrap() };
        self.check(&method, &path, &answer);
        answer
    }

    /// Paths and methods that are not described are problems all the same.
    fn check(&self, method: &Method, path: &str, answer: &Answer) {
        let kind = answer.header("content-type").split(';').next().unwrap_or_default().to_owned();
        let operation = &self.api["paths"][path][method.as_str().to_ascii_lowercase()];
        let schema = if operation.is_null() {
            assert!([404, 405].contains(&answer.status), "{method} {path} is not described: {answer:?}");
            assert_eq!(kind, "application/problem+json");
            json!({"$ref": "#/components/schemas/Problem"})
        } else {
            let response = self.resolve(&operation["responses"][answer.status.to_string()]);
            assert!(response.is_object(), "{method} {path}: {} is not described: {answer:?}", answer.status);
            for name in response["headers"].as_object().into_iter().flat_map(|it| it.keys()) {
                assert!(answer.headers.contains_key(name), "{method} {path}: {name} is missing: {answer:?}");
            }
            let content = &response["content"][&kind];
            assert!(content.is_object(), "{method} {path}: {kind} is not described");
            content["schema"].clone()
        };
        if kind.ends_with("json") {
            let mut whole = schema;
            whole["components"] = self.api["components"].clone();
            let validator = jsonschema::draft202012::new(&whole).unwrap();
            validator.validate(&answer.json()).unwrap_or_else(|e| panic!("{method} {path}: {e}: {answer:?}"));
        }
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(pointer) => self.api.pointer(pointer.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    /// The value of a counter or gauge; 0 when it is not there.
    pub(super) async fn counted(&self, name_and_labels: &str) -> f64 {
        let metrics = self.get("/metrics").await;
        assert_eq!(metrics.status, 200, "{metrics:?}");
        let line = metrics.text.lines().find_map(|line| line.strip_prefix(name_and_labels));
        line.map_or(0.0, |value| value.trim().parse().unwrap())
    }
}
