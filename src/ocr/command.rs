//! Another program in the models' place: it gets the page as PNG on its standard input, and writes what it reads as TSV with
//! the columns of tesseract (`level … left top width height conf text`).

use crate::read::codes::Code;
use crate::read::decoder::Recognizer;
use crate::read::limits::Limits;
use crate::read::picture::Picture;
use crate::read::print::{Area, Print, Word};
use crate::read::scan::{self, Engine, EngineError, Reading, Sheet};
use image::ImageFormat;
use serde::Deserialize;
use std::io::{Cursor, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Rows of this level are words.
const WORD: u32 = 5;
/// Bytes of an answer at most.
const ANSWER: u64 = 16 << 20;

/// The program and its arguments.
#[derive(Debug, Clone)]
pub struct Program {
    command: Vec<String>,
}

/// One page's worth of its work.
struct Run<'a> {
    command: &'a [String],
    time: Duration,
}

/// A row of the answer.
#[derive(Debug, Deserialize)]
struct Row {
    level: u32,
    left: f32,
    top: f32,
    width: f32,
    height: f32,
    conf: f32,
    text: String,
}

impl Program {
    /// `command` is not empty.
    #[must_use]
    pub const fn new(command: Vec<String>) -> Self {
        Self { command }
    }
}

impl Recognizer for Program {
    fn pages(&self, pictures: &[Picture], limits: &Limits) -> Vec<Result<Print, Code>> {
        let run = Run { command: &self.command, time: Duration::from_secs(limits.recognize_seconds) };
        let page = |picture| {
            scan::read(picture, &run).map_err(|error| {
                tracing::warn!(%error, "recognition.command read nothing");
                Code::RecognizerFailed
            })
        };
        pictures.iter().map(page).collect()
    }
}

impl Engine for Run<'_> {
    fn read(&self, sheet: &Sheet, _lies: bool) -> Result<Reading, EngineError> {
        let mut png = Cursor::new(Vec::new());
        sheet.gray.write_to(&mut png, ImageFormat::Png).map_err(|e| EngineError(e.to_string()))?;
        let answer = self.answer(png.into_inner()).map_err(|e| EngineError(e.to_string()))?;
        Ok(Reading { letters: words(&answer)?, turn: 0 })
    }
}

impl Run<'_> {
    fn answer(&self, png: Vec<u8>) -> std::io::Result<Vec<u8>> {
        let (program, arguments) = self.command.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        // It may write before it has read all.
        std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&png)));
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            let mut answer = Vec::new();
            let read = stdout.map(|stdout| stdout.take(ANSWER).read_to_end(&mut answer));
            let _ = send.send(read.transpose().map(|_| answer));
        });
        let answer = receive.recv_timeout(self.time);
        ended(&mut child, answer.is_ok())?;
        answer.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
    }
}

/// Ends the program; an error says that it failed.
fn ended(child: &mut Child, answered: bool) -> std::io::Result<()> {
    if !answered {
        child.kill()?;
    }
    let status = child.wait()?;
    if answered && !status.success() {
        return Err(std::io::Error::other(format!("it ended with {status}")));
    }
    Ok(())
}

/// The words of a TSV answer, in pixels.
pub fn words(tsv: &[u8]) -> Result<Vec<Word>, EngineError> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(b'\t').quoting(false).flexible(true).from_reader(tsv);
    let mut out = Vec::new();
    for row in reader.deserialize::<Row>() {
        let row = row.map_err(|e| EngineError(format!("its answer is not tesseract's TSV: {e}")))?;
        if row.level == WORD && !row.text.trim().is_empty() && row.conf >= 0.0 {
            let (right, bottom) = (row.left + row.width, row.top + row.height);
            let area = Area { left: row.left, top: row.top, right, bottom };
            out.push(Word { text: row.text, area, confidence: scan::confidence(row.conf / 100.0) });
        }
    }
    Ok(out)
}
