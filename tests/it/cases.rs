//! Cases from the office: `tests/cases/<name>/case.toml` says what is done with the real program and what must come of it.
//!
//! ```toml
//! says = "What this case shows."
//! [[step]]
//! run = ["submit", "@case/mail.eml"]      # @case = this folder, @samples = tests/samples
//! exit = 0                                  # default 0
//! error = ["must stand on standard error"]
//! output = ["must stand on standard output"]
//! json = { "missing" = [], "documents.total" = 1 }   # paths in the JSON that it prints (with --json)
//! keep = { review = "0.id" }                # remembers a value of the JSON for later steps as $review
//! ```

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    run: Vec<String>,
    #[serde(default)]
    exit: i32,
    #[serde(default)]
    error: Vec<String>,
    #[serde(default)]
    output: Vec<String>,
    #[serde(default)]
    json: BTreeMap<String, toml::Value>,
    #[serde(default)]
    keep: BTreeMap<String, String>,
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
    std::fs::write(data.path().join("gendan.toml"), &case.config).unwrap();
    if !case.bare {
        let master = root().join("samples/master").display().to_string();
        gendan(data.path(), &["import".to_owned(), master]);
    }
    let mut kept = BTreeMap::new();
    for (number, step) in case.step.iter().enumerate() {
        let words = step.run.iter().map(|word| expand(word, folder, &kept)).collect::<Vec<_>>();
        let output = gendan(data.path(), &words);
        check(step, &output, &mut kept).map_err(|differences| {
            let said = String::from_utf8_lossy(&output.stderr);
            let asked = words.join(" ");
            format!(
                "{name} ({}), step {}: gendan {asked}\n{}\n  said: {said}",
                case.says,
                number + 1,
                differences.join("\n")
            )
        })?;
    }
    Ok(())
}

fn gendan(data: &Path, words: &[String]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gendan")).arg("--dir").arg(data).args(words).output().unwrap()
}

fn expand(word: &str, folder: &Path, kept: &BTreeMap<String, String>) -> String {
    let mut word = word
        .replace("@case", &folder.display().to_string())
        .replace("@samples", &root().join("samples").display().to_string());
    for (name, value) in kept {
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
    let json: Value = serde_json::from_str(&out).unwrap_or(Value::Null);
    for (path, expected) in &step.json {
        let expected = serde_json::to_value(expected).unwrap();
        let found = at(&json, path);
        if found != expected {
            wrong.push(format!("  {path}: {found}, expected {expected}"));
        }
    }
    for (name, path) in &step.keep {
        match at(&json, path).as_str() {
            Some(text) => {
                kept.insert(name.clone(), text.to_owned());
            }
            None => wrong.push(format!("  {path} can't be kept: it is no text in {out}")),
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
