//! The systemd units: right, guarded, and twins.

use super::{grace_seconds, root, said, secrets, text};
use std::process::Command;

const PLAIN: &str = "packaging/systemd/gendan.service";
const TEMPLATE: &str = "packaging/systemd/gendan@.service";

/// The values of a key, in order.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

/// A unit without its comments.
fn settings(file: &str) -> Vec<String> {
    let unit = text(file);
    unit.lines().filter(|it| !it.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn systemd_takes_them_and_finds_them_guarded() {
    let folder = tempfile::tempdir().unwrap();
    let escaped = said(Command::new("systemd-escape").args(["--template=gendan@.service", "check,review"]));
    for (file, name) in
        [(PLAIN, "gendan.service"), (TEMPLATE, "gendan@read.service"), (TEMPLATE, escaped.trim())]
    {
        let unit = folder.path().join(name);
        // systemd looks whether the program is there.
        std::fs::write(&unit, text(file).replace("/usr/local/bin/gendan", "/bin/true")).unwrap();
        let checked = Command::new("systemd-analyze")
            .args(["verify", "--recursive-errors=no"])
            .arg(&unit)
            .output()
            .unwrap();
        let complaints = String::from_utf8_lossy(&checked.stderr);
        let about: Vec<&str> = complaints.lines().filter(|line| line.contains("gendan")).collect();
        assert!(checked.status.success() && about.is_empty(), "{name}: {complaints}");
        // At most 2 of 10.
        said(
            Command::new("systemd-analyze").args(["security", "--offline=true", "--threshold=20"]).arg(&unit),
        );
    }
    let users = root().join("packaging/systemd/gendan.sysusers");
    said(Command::new("systemd-sysusers").arg("--dry-run").arg(users));
}

#[test]
fn the_template_is_the_twin_of_the_unit() {
    let (plain, template) = (settings(PLAIN), settings(TEMPLATE));
    let differ: Vec<(&str, &str)> = plain
        .iter()
        .zip(&template)
        .filter(|(one, other)| one != other)
        .map(|(one, other)| (one.as_str(), other.as_str()))
        .collect();
    assert_eq!(plain.len(), template.len());
    assert_eq!(
        differ,
        [
            ("Description=gendan, the order desk", "Description=gendan, the order desk: %I"),
            ("ExecStart=/usr/local/bin/gendan run", "ExecStart=/usr/local/bin/gendan run --steps %I"),
        ]
    );
}

#[test]
fn it_has_its_secrets_and_the_time_to_end() {
    let unit = text(PLAIN);
    let stop: u64 = values(&unit, "TimeoutStopSec")[0].parse().unwrap();
    assert!(stop > grace_seconds(), "a stop would be a kill");
    assert_eq!(values(&unit, "BindReadOnlyPaths"), ["%d:/run/secrets"]);
    let given: Vec<&str> =
        values(&unit, "LoadCredential").iter().filter_map(|it| it.split(':').next()).collect();
    // The authority is that of the mail server that docker-compose.yml brings along.
    for name in secrets().iter().filter(|name| *name != "mail_ca.pem") {
        assert!(given.contains(&name.as_str()), "the settings name /run/secrets/{name}");
    }
}
