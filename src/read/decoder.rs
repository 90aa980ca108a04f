//! The doors to what is not trusted with this process, or takes long: decoders, and the recognition of letters.

use super::codes::Code;
use super::format::archive::{self, Unpacked};
use super::format::{self, Format, pdf, picture, sheet, tiff, tnef, word};
use super::limits::Limits;
use super::page::Page;
use super::picture::Picture;
use super::print::Print;
use serde::{Deserialize, Serialize};

/// A page, with its picture where that is wanted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decoded {
    pub print: Print,
    pub picture: Option<Picture>,
}

/// Of which pages pictures are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    None,
    /// Of pages whose words do not tell what there is to see.
    Blind,
    All,
}

impl Wanted {
    #[must_use]
    pub fn wants(self, print: &Print) -> bool {
        match self {
            Self::None => false,
            Self::Blind => print.is_blind(),
            Self::All => true,
        }
    }
}

/// Turns the bytes of a printed document into its pages.
pub trait Decoder: Send + Sync {
    /// The pages of a PDF, a TIFF or a picture, or why there are none, without any of the customer's text.
    fn pages(&self, bytes: &[u8], wanted: Wanted, limits: &Limits) -> Result<Vec<Decoded>, (Code, String)>;

    /// The sheets of a workbook, or the text of a Word document. `budget` is what may still be unpacked for the message, in
    /// bytes; it is lowered.
    fn text(
        &self,
        bytes: &[u8],
        format: Format,
        limits: &Limits,
        budget: &mut u64,
    ) -> Result<Vec<Page>, Code>;

    /// The files in a zip or in `winmail.dat`.
    fn files(&self, bytes: &[u8], format: Format, limits: &Limits, budget: &mut u64) -> Unpacked;
}

/// Reads the letters of pages of which there are only pictures.
pub trait Recognizer: Send + Sync {
    /// Each page with its words, or why there are none.
    fn pages(&self, pictures: &[Picture], limits: &Limits) -> Vec<Result<Print, Code>>;
}

/// Decodes in this process: what a guarded child does, and what tests of single formats do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Here;

impl Decoder for Here {
    fn pages(&self, bytes: &[u8], wanted: Wanted, limits: &Limits) -> Result<Vec<Decoded>, (Code, String)> {
        let alone = |picture| Decoded { print: Print::default(), picture: Some(picture) };
        if format::is_tiff(bytes) {
            Ok(tiff::read(bytes, limits)?.into_iter().map(alone).collect())
        } else if format::is_picture(bytes) {
            Ok(vec![alone(picture::read(bytes, limits)?)])
        } else {
            pdf::read(bytes, wanted, limits)
        }
    }

    fn text(
        &self,
        bytes: &[u8],
        format: Format,
        limits: &Limits,
        budget: &mut u64,
    ) -> Result<Vec<Page>, Code> {
        if format == Format::Docx {
            word::read(bytes, limits, budget).map(|page| vec![page])
        } else {
            let sheets = sheet::read(bytes, format, limits, budget)?;
            Ok(sheets.into_iter().map(|sheet| sheet.page).collect())
        }
    }

    fn files(&self, bytes: &[u8], format: Format, limits: &Limits, budget: &mut u64) -> Unpacked {
        if format == Format::Tnef {
            tnef::unpack(bytes, limits, budget)
        } else {
            archive::unpack(bytes, limits, budget)
        }
    }
}
