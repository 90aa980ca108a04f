//! Cases from the office: `tests/cases/<name>/case.toml` says what is done with the real program and what must come of it.
//!
//! ```toml
//! says = "What this case shows."
//! [[step]]
//! run = ["submit", "@case/mail.eml"]      # @case = this folder, @samples = tests/samples
//! exit = 0                                  # default 0
//! error = ["must stand on standard error"]
//! output = ["must stand on standard output"]
//! lacks = ["must not stand there"]
//! json = { "missing" = [], "documents.total" = 1 }   # paths in the JSON that it prints (with --json)
//! keep = { review = "0.id" }                # remembers a value of the JSON for later steps as $review
//! find = { sales = { queue = "sales" } }    # the entry of the JSON list with these fields: $sales (id), $sales_digest
//!
//! put = { "in/a.eml" = "@case/mail.eml" }   # copied into the data folder before anything runs
//! filled = { "in/a.eml" = "@case/answer.eml" }   # the same, with the remembered values in the file's text filled in
//! broken_mail = true                        # then a mail.send that its schema refuses is written to the outbox
//! holds = { "out/mail/*.eml" = "Subject" }  # afterwards a file of that name holds the text; `*` ends and begins names
//! gone = ["out/mail/*"]                     # afterwards no such file is there
//! ```
//!
//! A step may leave out `run`. `config` is the data folder's gendan.toml, with @case in it expanded too.

use gendan::order::message::{Body, MailSend, Message, Step as Queue};
use gendan::runtime::clock::{Clock, SystemClock};
use gendan::store::sqlite::Sqlite;
use gendan::store::{Answer, Commit, Store};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use uuid::Uuid;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    says: String,
    #[serde(default)]
    config: String,
    /// Leave out the import of the sample master data.
    #[serde(default)]
    bare: bool,
    step: Vec<Step>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(default)]
    put: BTreeMap<String, String>,
    #[serde(default)]
    filled: BTreeMap<String, String>,
    #[serde(default)]
    broken_mail: bool,
    #[serde(default)]
    run: Vec<String>,
    #[serde(default)]
    exit: i32,
    #[serde(default)]
    error: Vec<String>,
    #[serde(default)]
    output: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
    #[serde(default)]
    json: BTreeMap<String, toml::Value>,
    #[serde(default)]
    keep: BTreeMap<String, String>,
    #[serde(default)]
    find: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    holds: BTreeMap<String, String>,
    #[serde(default)]
    gone: Vec<String>,
}

impl Step {
    /// The step with the case's folder and the remembered values in it.
    fn expanded(mut self, folder: &Path, kept: &BTreeMap<String, String>) -> Self {
        let lists = [&mut self.run, &mut self.error, &mut self.output, &mut self.gone];
        let files = self.put.values_mut().chain(self.filled.values_mut());
        let texts = lists.into_iter().flatten().chain(files);
        for text in texts.chain(self.holds.values_mut()) {
            *text = expand(text, folder, kept);
        }
        for value in self.json.values_mut() {
            if let toml::Value::String(text) = value {
                *text = expand(text, folder, kept);
            }
        }
        let holds = std::mem::take(&mut self.holds);
        self.holds = holds.into_iter().map(|(name, text)| (expand(&name, folder, kept), text)).collect();
        self
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests")
}

#[test]
fn every_case_comes_out_as_it_says() {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(root().join("cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    let failures: Vec<String> = folders.iter().filter_map(|folder| run(folder).err()).collect();
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), folders.len(), failures.join("\n"));
}

fn run(folder: &Path) -> Result<(), String> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(folder.join("case.toml")).map_err(|e| format!("{name}: {e}"))?;
    let case: Case = toml::from_str(&text).map_err(|e| format!("{name}: {e}"))?;
    let data = tempfile::tempdir().unwrap();
    let config = expand(&case.config, folder, &BTreeMap::new());
    std::fs::write(data.path().join("gendan.toml"), config).unwrap();
    if !case.bare {
        let master = root().join("samples/master").display().to_string();
        gendan(data.path(), &["import".to_owned(), master]);
    }
    let mut kept = BTreeMap::new();
    for (number, step) in case.step.iter().enumerate() {
        let step = &step.clone().expanded(folder, &kept);
        for (to, from) in &step.put {
            let to = data.path().join(to);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(from, to).map_err(|e| format!("{name}: {from}: {e}"))?;
        }
        for (to, from) in &step.filled {
            let to = data.path().join(to);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            let text = std::fs::read_to_string(from).map_err(|e| format!("{name}: {from}: {e}"))?;
            std::fs::write(to, expand(&text, folder, &kept)).unwrap();
        }
        if step.broken_mail {
            write_broken_mail(data.path());
        }
        let mut wrong = Vec::new();
        let mut said = String::new();
        if !step.run.is_empty() {
            let output = gendan(data.path(), &step.run);
            said = String::from_utf8_lossy(&output.stderr).into_owned();
            wrong = check(step, &output, &mut kept).err().unwrap_or_default();
        }
        wrong.extend(check_files(step, data.path()));
        if !wrong.is_empty() {
            let (says, number, asked) = (&case.says, number + 1, step.run.join(" "));
            let differences = wrong.join("\n");
            return Err(format!(
                "{name} ({says}), step {number}: gendan {asked}\n{differences}\n  said: {said}"
            ));
        }
    }
    Ok(())
}

fn gendan(data: &Path, words: &[String]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gendan")).arg("--dir").arg(data).args(words).output().unwrap()
}

/// Writes a mail without a Message-ID, which no step of ours would write.
fn write_broken_mail(data: &Path) {
    let now = SystemClock.now();
    let id = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);
    let mail = MailSend {
        message_id: String::new(),
        from: "orders@hengtong.example".to_owned(),
        to: vec!["wanyi.chen@linglan.example".to_owned()],
        subject: "订单确认".to_owned(),
        text: String::new(),
        in_reply_to: None,
        references: Vec::new(),
        purpose: "confirmation".to_owned(),
    };
    let message = Message {
        id,
        attempt: 1,
        correlation_id: id,
        step: Queue::Deliver,
        lane: None,
        created_at: now,
        not_before: None,
        body: Body::MailSend(mail),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answers = runtime.block_on(async {
        let store = Sqlite::open(&data.join("gendan.db"), Arc::new(SystemClock)).await.unwrap();
        store.commit(vec![Commit { messages: vec![message], ..Commit::default() }]).await.unwrap()
    });
    assert_eq!(answers, [Answer::Done]);
}

/// What the files of the data folder lack, or have too much.
fn check_files(step: &Step, data: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, text) in &step.holds {
        let found = matching(data, name);
        let holds = |path: &PathBuf| {
            String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).contains(text.as_str())
        };
        if !found.iter().any(holds) {
            wrong.push(format!("  none of {} files {name} holds `{text}`", found.len()));
        }
    }
    for name in &step.gone {
        let found = matching(data, name);
        if !found.is_empty() {
            wrong.push(format!("  {name} is there: {found:?}"));
        }
    }
    wrong
}

/// The files below the data folder that a name with at most one `*` in its last part means.
fn matching(data: &Path, name: &str) -> Vec<PathBuf> {
    let path = data.join(name);
    let last = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Some((begins, ends)) = last.split_once('*') else {
        return if path.is_file() { vec![path] } else { Vec::new() };
    };
    let Ok(entries) = std::fs::read_dir(path.parent().unwrap_or(data)) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let fits = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        path.is_file() && name.starts_with(begins) && name.ends_with(ends)
    };
    paths.filter(fits).collect()
}

fn expand(word: &str, folder: &Path, kept: &BTreeMap<String, String>) -> String {
    let mut word = word
        .replace("@case", &folder.display().to_string())
        .replace("@samples", &root().join("samples").display().to_string());
    // The longest names first: $sales_digest begins with $sales.
    for (name, value) in kept.iter().rev() {
        word = word.replace(&format!("${name}"), value);
    }
    word
}

/// The differences between what came out and what should have.
fn check(step: &Step, output: &Output, kept: &mut BTreeMap<String, String>) -> Result<(), Vec<String>> {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut wrong = Vec::new();
    if output.status.code() != Some(step.exit) {
        wrong.push(format!("  exit {:?}, expected {}", output.status.code(), step.exit));
    }
    let lacks = |what: &str, text: &str, words: &[String]| -> Vec<String> {
        words
            .iter()
            .filter(|word| !text.contains(*word))
            .map(|word| format!("  {what} lacks `{word}`: {text}"))
            .collect()
    };
    wrong.extend(lacks("standard error", &err, &step.error));
    wrong.extend(lacks("standard output", &out, &step.output));
    let too_much = step.lacks.iter().filter(|word| out.contains(*word));
    wrong.extend(too_much.map(|word| format!("  standard output has `{word}`: {out}")));
    let json: Value = serde_json::from_str(&out).unwrap_or(Value::Null);
    for (path, expected) in &step.json {
        let expected = serde_json::to_value(expected).unwrap();
        let found = at(&json, path);
        if found != expected {
            wrong.push(format!("  {path}: {found}, expected {expected}"));
        }
    }
    for (name, path) in &step.keep {
        let found = at(&json, path);
        match found.as_str() {
            Some(text) => {
                kept.insert(name.clone(), text.to_owned());
            }
            None => wrong.push(format!("  {path} can't be kept: {found} in {out}")),
        }
    }
    for (name, fields) in &step.find {
        let fits =
            |entry: &&Value| fields.iter().all(|(key, value)| entry[key].as_str() == Some(value.as_str()));
        match json.as_array().and_then(|entries| entries.iter().find(fits)) {
            Some(entry) => {
                let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
                kept.insert(name.clone(), text("id"));
                kept.insert(format!("{name}_digest"), text("digest"));
            }
            None => wrong.push(format!("  no entry has {fields:?}: {out}")),
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// The value at a dotted path; `#` is a list's length.
fn at(json: &Value, path: &str) -> Value {
    let mut value = json.clone();
    for key in path.split('.') {
        value = match (&value, key.parse::<usize>()) {
            (Value::Array(list), _) if key == "#" => Value::from(list.len()),
            (Value::Array(list), Ok(index)) => list.get(index).cloned().unwrap_or(Value::Null),
            (Value::Object(fields), _) => fields.get(key).cloned().unwrap_or(Value::Null),
            _ => Value::Null,
        };
    }
    value
}
