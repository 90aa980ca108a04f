//! The folder outlet: each mail an `.eml`, each message a JSON file, named by its id, so that told twice is told once.

use super::{NotSent, Outlet, mail};
use crate::order::message::{Body, Message};
use crate::runtime::outside::{Point, call_blocking};
use crate::store::blobs::write_whole;
use async_trait::async_trait;
use std::path::PathBuf;

/// Writes what leaves the house under one folder: `mail/<Message-ID>.eml`, `<routing key>/<message id>.json`.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
}

#[async_trait]
impl Outlet for Folder {
    fn idempotent(&self) -> bool {
        true
    }

    async fn send(&self, message: &Message, destination: &str) -> Result<(), NotSent> {
        let (name, bytes) = content(message)?;
        let path = self.root.join(safe(destination)).join(name);
        call_blocking(Point::OutletWrite, move || write_whole(&path, &bytes))
            .await
            .map_err(|e| NotSent::Later(format!("the outgoing folder can't be written: {e}")))
    }
}

fn content(message: &Message) -> Result<(String, Vec<u8>), NotSent> {
    if let Body::MailSend(mail) = &message.body {
        let name = safe(mail.message_id.trim_matches(['<', '>']));
        return Ok((format!("{name}.eml"), mail::bytes(mail, message.created_at)?));
    }
    let json = serde_json::json!({
        "message_id": message.id,
        "correlation_id": message.correlation_id,
        "type": message.body.type_name(),
        "timestamp": message.created_at,
        "app_id": "gendan",
        "schema": format!("message/{}/1", message.body.type_name()),
        "body": message.body,
    });
    let bytes = serde_json::to_vec_pretty(&json).map_err(|e| NotSent::Never(e.to_string()))?;
    Ok((format!("{}.json", message.id), bytes))
}

/// A file name of letters, digits and `.-_@`, never a path.
fn safe(name: &str) -> String {
    let keep = |c: char| if c.is_alphanumeric() || "-_@.".contains(c) { c } else { '_' };
    let name: String = name.chars().map(keep).take(150).collect();
    if name.starts_with('.') { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_leave_the_folder() {
        for (name, file) in
            [("../../etc/passwd", "_.._.._etc_passwd"), ("a/b", "a_b"), ("id@host", "id@host")]
        {
            assert_eq!(safe(name), file);
        }
    }
}
