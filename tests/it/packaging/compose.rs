//! docker-compose.yml: valid by the specification, whole, and every service kept small.

use super::{grace_seconds, list, python, root, said, secrets, text, tool};
use regex::Regex;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

fn compose() -> Value {
    python(
        "import json; from ruamel.yaml import YAML; \
         print(json.dumps(YAML(typ='safe').load(open('docker-compose.yml'))))",
    )
}

fn services(compose: &Value) -> &Map<String, Value> {
    compose["services"].as_object().unwrap()
}

/// `40s`, `2m`.
fn seconds(text: &str) -> u64 {
    let (number, unit) = text.split_at(text.len() - 1);
    number.parse::<u64>().unwrap() * if unit == "m" { 60 } else { 1 }
}

#[test]
fn it_is_what_the_specification_allows() {
    said(tool("check-jsonschema").args(["--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]));
}

#[test]
fn every_service_is_pinned_watched_and_kept_small() {
    let pinned = Regex::new(r"^[a-z0-9./-]+:\d+\.\d+(\.\d+)?$").unwrap();
    for (name, service) in services(&compose()) {
        let image = service["image"].as_str().unwrap();
        assert!(pinned.is_match(image), "{name}: {image} has no version");
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(list(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(list(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert!(service.get("privileged").is_none() && service.get("cap_add").is_none(), "{name}");
        let limits = &service["deploy"]["resources"]["limits"];
        for limit in ["memory", "cpus", "pids"] {
            assert!(!limits[limit].is_null(), "{name} may take any {limit}");
        }
        // The image built here brings its own check; what runs once needs none.
        let watched = service["healthcheck"]["test"].is_array() || service["build"].is_string();
        assert!(watched || service["restart"] == "no", "{name} is not watched");
        assert!(service["restart"].is_string(), "{name}");
        for port in list(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name} shows {port} to everybody");
        }
    }
}

#[test]
fn what_it_names_is_there() {
    let compose = compose();
    let known =
        |kind: &str| -> BTreeSet<String> { compose[kind].as_object().unwrap().keys().cloned().collect() };
    let (networks, volumes, secrets) = (known("networks"), known("volumes"), known("secrets"));
    let mut used = BTreeSet::new();
    for (name, service) in services(&compose) {
        for network in list(&service["networks"]) {
            assert!(networks.contains(network), "{name}: network {network}");
        }
        for volume in list(&service["volumes"]) {
            let from = volume.split(':').next().unwrap();
            let there =
                if from.starts_with('.') { root().join(from).exists() } else { volumes.contains(from) };
            assert!(there, "{name}: volume {from}");
        }
        for secret in service["secrets"].as_array().into_iter().flatten() {
            let secret = secret.as_str().or(secret["source"].as_str()).unwrap();
            assert!(secrets.contains(secret), "{name}: secret {secret}");
            used.insert(secret.to_owned());
        }
        let after: Vec<&String> = service["depends_on"].as_object().into_iter().flat_map(Map::keys).collect();
        for other in after {
            assert!(services(&compose).contains_key(other), "{name} waits for {other}");
        }
    }
    assert_eq!(used, secrets, "a secret that nobody uses");
}

#[test]
fn gendan_gets_its_secrets_and_the_time_to_end() {
    let compose = compose();
    let own = |service: &&Value| service["image"].as_str().unwrap().starts_with("gendan:");
    let version = format!("gendan:{}", env!("CARGO_PKG_VERSION"));
    let workers: Vec<&Value> = services(&compose).values().filter(own).collect();
    assert_eq!(workers.len(), 2, "the worker and the migration");
    for service in workers {
        assert_eq!(service["image"], *version);
        said(Command::new(env!("CARGO_BIN_EXE_gendan")).args(list(&service["command"])).arg("--help"));
        let grace = seconds(service["stop_grace_period"].as_str().unwrap());
        assert!(grace > grace_seconds(), "a stop would be a kill");
    }
    let given = list(&services(&compose)["gendan"]["secrets"]);
    for name in secrets() {
        assert!(given.contains(&name.as_str()), "the settings name /run/secrets/{name}");
    }
}

#[test]
fn the_secrets_are_made_once_and_stay_out_of_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let packaging = folder.path().join("packaging");
    std::fs::create_dir_all(packaging.join("secrets")).unwrap();
    std::fs::create_dir_all(packaging.join("docker")).unwrap();
    let script = packaging.join("docker/secrets.sh");
    std::fs::copy(root().join("packaging/docker/secrets.sh"), &script).unwrap();
    let first = said(&mut Command::new(&script));
    let read = |name: &str| std::fs::read_to_string(packaging.join("secrets").join(name)).unwrap();
    let compose = compose();
    for (name, secret) in compose["secrets"].as_object().unwrap() {
        let file = secret["file"].as_str().unwrap();
        assert!(first.contains(&format!("made {}\n", file.trim_start_matches("./"))), "{name}");
        assert!(folder.path().join(file).metadata().unwrap().len() > 20, "{name} holds nothing");
        let ignored = Command::new("git").args(["check-ignore", "-q", file]).current_dir(root()).status();
        assert!(ignored.unwrap().success(), "{file} could be committed");
    }
    let password = read("broker_url").split(['@', ':']).nth(2).unwrap().to_owned();
    assert!(read("rabbitmq.conf").contains(&format!("default_pass = {password}\n")));
    let mode = packaging.join("secrets").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "others on the machine see into the folder");
    is_certified(&packaging.join("secrets"));
    assert_eq!(said(&mut Command::new(&script)), "", "what is there stays");
}

/// The mail server's certificate is good for the name by which the settings call it.
fn is_certified(folder: &Path) {
    let settings: toml::Table = text("packaging/docker/gendan.toml").parse().unwrap();
    let host = settings["smtp"]["host"].as_str().unwrap().to_owned();
    let mut openssl = Command::new("openssl");
    openssl.current_dir(folder).args(["pkcs12", "-in", "mail.p12", "-passin", "pass:changeit", "-nokeys"]);
    std::fs::write(folder.join("leaf.pem"), said(&mut openssl)).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.current_dir(folder).args([
        "verify",
        "-CAfile",
        "mail_ca.pem",
        "-verify_hostname",
        &host,
        "leaf.pem",
    ]);
    said(&mut openssl);
}
