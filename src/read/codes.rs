//! Every code by which the reader says what it could not read (`reading.*`) or was not certain of (`doubt.*`).

use crate::order::draft::Unread;
use serde::{Deserialize, Serialize};

/// Why a part was not read, or what in it is doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Code {
    /// Pages without letters: a scan.
    PdfNotRead,
    DamagedPdf,
    /// The decoder gave up: it took too long, too much memory, or broke down.
    DecoderFailed,
    PictureNotRead,
    DamagedPicture,
    /// A page is a picture, and the models that read pictures are not in their place.
    ModelsMissing,
    /// The recognition of a page broke off.
    RecognizerFailed,
    /// A page of a fax or scan that cannot be made out.
    Illegible,
    /// The pages of a fax count more than came.
    PageMissing,
    WordNotRead,
    DamagedWord,
    DamagedTnef,
    /// An order as data (UBL, EDIFACT, JSON) that does not keep to its standard.
    DamagedData,
    OfdNotRead,
    FormatNotRead,
    DamagedWorkbook,
    DamagedArchive,
    Encrypted,
    TooBig,
    TooDeep,
    TooManyParts,
    Empty,
    NoOrderFound,
    /// A row or sentence with a quantity was not taken as an order line.
    SkippedLine,
    /// A cell in a quantity, price, amount or date column could not be read.
    BadValue,
    /// Quantity or price has two possible readings.
    Ambiguous,
    /// A column was chosen by its content, not by its heading.
    GuessedColumn,
    /// A price that is meant per hundred or thousand.
    PricePerMany,
    /// Body and attachment, or two attachments, say different things.
    Contradiction,
    /// Sizes as columns were made into lines.
    Matrix,
    /// Another attachment that was not read belongs to this order.
    UnreadSibling,
    /// Words of a change or cancellation beside an order.
    ChangeWords,
    /// The mail tries to talk to the program, or holds hidden text.
    Suspicious,
    /// A printed amount does not fit quantity and price.
    Arithmetic,
}

impl Code {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PdfNotRead => "reading.pdf_not_read",
            Self::DamagedPdf => "reading.damaged_pdf",
            Self::DecoderFailed => "reading.decoder_failed",
            Self::PictureNotRead => "reading.picture_not_read",
            Self::DamagedPicture => "reading.damaged_picture",
            Self::ModelsMissing => "reading.models_missing",
            Self::RecognizerFailed => "reading.recognizer_failed",
            Self::Illegible => "reading.illegible",
            Self::PageMissing => "reading.page_missing",
            Self::WordNotRead => "reading.word_not_read",
            Self::DamagedWord => "reading.damaged_word",
            Self::DamagedTnef => "reading.damaged_tnef",
            Self::DamagedData => "reading.damaged_data",
            Self::OfdNotRead => "reading.ofd_not_read",
            Self::FormatNotRead => "reading.format_not_read",
            Self::DamagedWorkbook => "reading.damaged_workbook",
            Self::DamagedArchive => "reading.damaged_archive",
            Self::Encrypted => "reading.encrypted",
            Self::TooBig => "reading.too_big",
            Self::TooDeep => "reading.too_deep",
            Self::TooManyParts => "reading.too_many_parts",
            Self::Empty => "reading.empty",
            Self::NoOrderFound => "reading.no_order_found",
            Self::SkippedLine => "doubt.skipped_line",
            Self::BadValue => "doubt.bad_value",
            Self::Ambiguous => "doubt.ambiguous",
            Self::GuessedColumn => "doubt.guessed_column",
            Self::PricePerMany => "doubt.price_per_many",
            Self::Contradiction => "doubt.contradiction",
            Self::Matrix => "doubt.matrix",
            Self::UnreadSibling => "doubt.unread_sibling",
            Self::ChangeWords => "doubt.change_words",
            Self::Suspicious => "doubt.suspicious",
            Self::Arithmetic => "doubt.arithmetic",
        }
    }

    /// The note that goes on a draft; `detail` must not hold the customer's text.
    #[must_use]
    pub fn at(self, source: &str, detail: impl Into<String>) -> Unread {
        let detail = Some(detail.into()).filter(|d| !d.is_empty());
        Unread { code: self.as_str().to_owned(), source: source.to_owned(), detail }
    }
}
