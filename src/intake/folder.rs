//! The drop folder: a file is taken when it has stopped growing, then moved to `done/` or `failed/`.

use super::{Accepted, Arrival, Intake, NotAccepted, fax, label};
use crate::order::document::Channel;
use crate::runtime::outside::{Point, call_blocking};
use crate::store::blobs::write_whole;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio_util::sync::CancellationToken;

/// A folder that is watched.
#[derive(Debug, Clone)]
pub struct Folder {
    pub path: PathBuf,
    /// What its files are: mails and order files, or faxes with their side files.
    pub channel: Channel,
    /// Name of the source: `folder` or `fax`.
    pub source: &'static str,
    /// How often it is looked at. A file is taken when two looks find it unchanged.
    pub poll: Duration,
    /// Larger files go to `failed/`; bytes.
    pub max_bytes: u64,
}

type Look = BTreeMap<PathBuf, (u64, SystemTime)>;

impl Folder {
    /// Watches until `stop`.
    pub async fn run(self, intake: Intake, stop: CancellationToken) {
        let mut before = Look::new();
        while !stop.is_cancelled() {
            match self.look().await {
                Ok(now) => {
                    for path in settled(&before, &now) {
                        if stop.is_cancelled() {
                            return;
                        }
                        self.take(&intake, path).await;
                    }
                    before = now;
                }
                Err(error) => {
                    tracing::warn!(%error, source = self.source, "the folder can't be read; trying again")
                }
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = tokio::time::sleep(self.poll) => {}
            }
        }
    }

    /// Takes everything that is there now, without waiting for growth to end; the names of files that were not taken.
    pub async fn take_all(&self, intake: &Intake) -> io::Result<Vec<String>> {
        let mut failed = Vec::new();
        for path in self.look().await?.into_keys() {
            let name = shown(&path);
            if !self.take(intake, path).await {
                failed.push(name);
            }
        }
        Ok(failed)
    }

    async fn look(&self) -> io::Result<Look> {
        let path = self.path.clone();
        let fax = self.channel == Channel::Fax;
        call_blocking(Point::IntakeRead, move || list(&path, fax)).await
    }

    /// Whether it was taken: now, or before.
    async fn take(&self, intake: &Intake, path: PathBuf) -> bool {
        let (max, read) = (self.max_bytes, path.clone());
        let fax = self.channel == Channel::Fax;
        let arrival = call_blocking(Point::IntakeRead, move || Ok(load(&read, fax, max))).await;
        let failed = match arrival {
            Ok(Ok(arrival)) => {
                let arrival = Arrival { channel: self.channel, source: self.source, ..arrival };
                match intake.accept(arrival).await {
                    Ok(accepted) => {
                        tracing::info!(file = %shown(&path), ?accepted, "taken");
                        self.leave(path, note(accepted), "done").await;
                        return true;
                    }
                    Err(NotAccepted::Refused(why)) => why,
                    Err(error) => {
                        tracing::warn!(%error, file = %shown(&path), "not taken; it stays and is tried again");
                        return false;
                    }
                }
            }
            Ok(Err(why)) => why,
            Err(error) => error.to_string(),
        };
        tracing::warn!(file = %shown(&path), why = failed, "can't be taken; moved to failed/");
        self.leave(path, Some(failed), "failed").await;
        false
    }

    async fn leave(&self, path: PathBuf, note: Option<String>, folder: &'static str) {
        let to = self.path.join(folder);
        let shown = shown(&path);
        if let Err(error) =
            call_blocking(Point::IntakeMove, move || move_away(&path, &to, note.as_deref())).await
        {
            tracing::warn!(%error, file = %shown, "can't be moved to {folder}/; it will be found known");
        }
    }
}

fn note(accepted: Accepted) -> Option<String> {
    match accepted {
        Accepted::New(_) | Accepted::Known => None,
        Accepted::Repeats { first, .. } => Some(format!("the same bytes came before, as document {first}")),
    }
}

fn shown(path: &Path) -> String {
    label(&path.file_name().unwrap_or_default().to_string_lossy())
}

/// Files that two looks found unchanged.
fn settled(before: &Look, now: &Look) -> Vec<PathBuf> {
    now.iter()
        .filter(|(path, state)| before.get(*path) == Some(state))
        .map(|(path, _)| path.clone())
        .collect()
}

fn list(path: &Path, fax: bool) -> io::Result<Look> {
    let mut look = Look::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let hidden = name.to_string_lossy().starts_with('.');
        let meta = entry.metadata()?;
        if meta.is_file() && !hidden && !(fax && fax::is_side_file(&entry.path())) {
            look.insert(entry.path(), (meta.len(), meta.modified()?));
        }
    }
    Ok(look)
}

fn load(path: &Path, fax: bool, max: u64) -> Result<Arrival, String> {
    let size = fs::metadata(path).map_err(|e| format!("it can't be read: {e}"))?.len();
    if size == 0 {
        return Err("it is empty; send it again".to_owned());
    }
    if size > max {
        return Err(format!(
            "it has {size} bytes, more than the {max} of intake.max_bytes; raise that or split it"
        ));
    }
    let bytes = fs::read(path).map_err(|e| format!("it can't be read: {e}"))?;
    let side = if fax { fax::side(path)? } else { fax::Side::default() };
    Ok(Arrival {
        bytes,
        name: shown(path),
        channel: Channel::Mail,
        source: "folder",
        caller: side.caller,
        sent_at: side.received,
    })
}

/// Moves a file (and a fax's side file) into `to`, beside a note that says why when there is something to say.
fn move_away(path: &Path, to: &Path, note: Option<&str>) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let free = free_name(to, &name);
    if let Some(note) = note {
        write_whole(&to.join(format!("{free}.reason.txt")), format!("{note}\n").as_bytes())?;
    }
    if let Some(side) = fax::side_file(path) {
        let side_name = side.file_name().unwrap_or_default().to_string_lossy().into_owned();
        fs::rename(&side, to.join(free_name(to, &side_name)))?;
    }
    fs::rename(path, to.join(free))
}

fn free_name(folder: &Path, name: &str) -> String {
    let taken = |name: &str| folder.join(name).exists();
    if !taken(name) {
        return name.to_owned();
    }
    (2u32..).map(|n| format!("{n}-{name}")).find(|name| !taken(name)).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stopped_growing_is_taken() {
        let at = SystemTime::UNIX_EPOCH;
        let before = Look::from([("a".into(), (1, at)), ("b".into(), (1, at))]);
        let now = Look::from([("a".into(), (1, at)), ("b".into(), (2, at)), ("c".into(), (9, at))]);
        assert_eq!(settled(&before, &now), [PathBuf::from("a")]);
    }

    #[test]
    fn a_taken_name_is_numbered() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.eml"), "1").unwrap();
        fs::write(folder.path().join("2-a.eml"), "2").unwrap();
        assert_eq!(free_name(folder.path(), "a.eml"), "3-a.eml");
        assert_eq!(free_name(folder.path(), "b.eml"), "b.eml");
    }
}
