//! The child: reads asks from standard input until it ends, and answers each on standard output.

use super::frame::{self, Ask, Text};
use super::guard;
use crate::ocr::Models;
use crate::read::codes::Code;
use crate::read::decoder::{Decoder as _, Here};
use crate::read::picture::Picture;
use crate::read::print::Print;
use crate::read::scan;
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::Path;

/// Bytes of one ask at most.
const ASK: u64 = 64 << 10;
/// Bytes of one file at most; the parent has its own, smaller limit.
const FILE: u64 = 256 << 20;

/// Serves until standard input ends; with the models of a folder it reads pictures too. Nothing can be opened, started or
/// reached from here on.
pub fn serve(models: Option<&Path>) -> io::Result<()> {
    let mut from = BufReader::new(io::stdin().lock());
    let mut to = BufWriter::new(io::stdout().lock());
    let models = models.map(Models::load).transpose().map_err(io::Error::other)?;
    guard::close(models.is_some())?;
    while let Some(ask) = frame::read_json::<Ask>(&mut from, ASK)? {
        match ask {
            Ask::Pages { limits, wanted } => {
                let Some(bytes) = frame::read(&mut from, FILE)? else { break };
                frame::write_pages(&mut to, Here.pages(&bytes, wanted, &limits))?;
            }
            Ask::Text { limits, format, mut budget } => {
                let Some(bytes) = frame::read(&mut from, FILE)? else { break };
                let pages = Here.text(&bytes, format, &limits, &mut budget);
                frame::write_json(&mut to, &Text { pages, budget })?;
            }
            Ask::Files { limits, format, mut budget } => {
                let Some(bytes) = frame::read(&mut from, FILE)? else { break };
                let files = Here.files(&bytes, format, &limits, &mut budget);
                frame::write_files(&mut to, files, budget)?;
            }
            Ask::Letters => {
                let picture = frame::read_picture(&mut from)?;
                frame::write_json(&mut to, &letters(&picture, models.as_ref()))?;
            }
        }
        to.flush()?;
    }
    Ok(())
}

fn letters(picture: &Picture, models: Option<&Models>) -> Result<Print, Code> {
    let models = models.ok_or(Code::PictureNotRead)?;
    scan::read(picture, models).map_err(|_| Code::RecognizerFailed)
}
