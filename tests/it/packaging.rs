//! How gendan is packaged: the image, docker-compose.yml and the systemd units, read with the parsers of those who read them.

mod compose;
mod health;
mod image;
mod units;

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

/// A tool of tests/tools.txt.
fn tool(name: &str) -> Command {
    let path: PathBuf = root().join("target/tools/bin").join(name);
    assert!(path.exists(), "{} is missing: tests/run installs it", path.display());
    let mut command = Command::new(path);
    command.current_dir(root());
    command
}

/// What a few lines of Python print as JSON.
fn python(code: &str) -> Value {
    serde_json::from_str(&said(tool("python").args(["-c", code]))).unwrap()
}

/// What a command prints; it must end well.
fn said(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (out, error) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {out}{error}");
    out.into_owned()
}

/// The strings of a JSON list.
fn list(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// How long the worker has to end by the settings of the image.
fn grace_seconds() -> u64 {
    let default: toml::Table = gendan::config::DEFAULT.parse().unwrap();
    let image: toml::Table = text("packaging/docker/gendan.toml").parse().unwrap();
    let said = |it: &toml::Table| it.get("worker")?.get("grace_seconds")?.as_integer();
    u64::try_from(said(&image).or_else(|| said(&default)).unwrap()).unwrap()
}

/// Files in /run/secrets that the image's settings name.
fn secrets() -> Vec<String> {
    fn gather(value: &toml::Value, into: &mut Vec<String>) {
        match value {
            toml::Value::String(text) => {
                into.extend(text.strip_prefix("/run/secrets/").map(str::to_owned));
            }
            toml::Value::Table(table) => table.values().for_each(|it| gather(it, into)),
            toml::Value::Array(list) => list.iter().for_each(|it| gather(it, into)),
            toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_) => {}
        }
    }
    let settings: toml::Table = text("packaging/docker/gendan.toml").parse().unwrap();
    let mut found = Vec::new();
    gather(&toml::Value::Table(settings), &mut found);
    found.sort();
    found.dedup();
    found
}

/// Something that a secret of this name may hold.
fn secret(name: &str) -> String {
    match name {
        "database_url" => "postgres://gendan:secret@127.0.0.1/gendan\n".to_owned(),
        "broker_url" => "amqp://gendan:secret@127.0.0.1:5672/%2f\n".to_owned(),
        "mail_ca.pem" => {
            let key = rcgen::KeyPair::generate().unwrap();
            rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().pem()
        }
        _ => "secret\n".to_owned(),
    }
}

/// The settings that go into the image are right.
#[test]
fn the_settings_of_the_image_are_right() {
    let data = tempfile::tempdir().unwrap();
    // The secrets stand elsewhere here, and hold something.
    let mut settings = text("packaging/docker/gendan.toml");
    for name in secrets() {
        let file = data.path().join(&name);
        std::fs::write(&file, secret(&name)).unwrap();
        settings = settings.replace(&format!("/run/secrets/{name}"), &file.display().to_string());
    }
    let file = data.path().join("image.toml");
    std::fs::write(&file, settings).unwrap();
    let mut gendan = Command::new(env!("CARGO_BIN_EXE_gendan"));
    said(gendan.arg("--config").arg(&file).arg("--dir").arg(data.path()).args(["config", "check"]));
}
