//! Bounds that keep a hostile document from taking time or memory without end.

use serde::{Deserialize, Serialize};

/// What a reader takes before it gives up on a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a whole message or file.
    pub message_bytes: usize,
    /// Bytes of one decoded part.
    pub part_bytes: usize,
    /// Bytes of text of one part that are searched for an order.
    pub text_bytes: usize,
    /// MIME parts of one message.
    pub parts: usize,
    /// Nested multiparts.
    pub multipart_depth: usize,
    /// Containers inside containers: forwarded messages and zips.
    pub container_depth: usize,
    /// Files in one zip.
    pub zip_files: usize,
    /// Unpacked bytes of one message, over all zips and workbooks.
    pub unpacked_bytes: u64,
    /// Unpacked bytes for one packed byte, looked at from one megabyte on.
    pub zip_ratio: u64,
    /// Rows and columns of one sheet.
    pub rows: u32,
    pub columns: u32,
    /// Sheets of one workbook.
    pub sheets: usize,
    /// Filled cells of one workbook.
    pub cells: usize,
    /// Pages of one printed document.
    pub pages: usize,
    /// Pages of one document of which there are only pictures: each takes seconds.
    pub pictures: usize,
    /// Pixels of one picture or page of a fax.
    pub pixels: u64,
    /// Seconds that a decoder may take for one file.
    pub decode_seconds: u64,
    /// Seconds that the recognition of one page may take.
    pub recognize_seconds: u64,
    /// Drafts of one message.
    pub drafts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 96 << 20,
            part_bytes: 32 << 20,
            text_bytes: 1 << 20,
            parts: 200,
            multipart_depth: 20,
            container_depth: 3,
            zip_files: 200,
            unpacked_bytes: 64 << 20,
            zip_ratio: 200,
            rows: 20_000,
            columns: 200,
            sheets: 40,
            cells: 400_000,
            pages: 100,
            pictures: 30,
            pixels: 64 << 20,
            decode_seconds: 20,
            recognize_seconds: 60,
            drafts: 40,
        }
    }
}

/// Bytes that a file may have on its way to a decoder and back, at most.
const FRAME: u64 = 256 << 20;

impl Limits {
    /// Whether these limits are any.
    ///
    /// # Errors
    /// The first key that is wrong, as it stands in the settings, and what it may be.
    pub fn check(&self) -> Result<(), String> {
        let size = |it: usize| it as u64;
        let all = [
            ("message_bytes", size(self.message_bytes), FRAME),
            ("part_bytes", size(self.part_bytes), FRAME),
            ("text_bytes", size(self.text_bytes), FRAME),
            ("parts", size(self.parts), 10_000),
            ("multipart_depth", size(self.multipart_depth), 100),
            ("container_depth", size(self.container_depth), 20),
            ("zip_files", size(self.zip_files), 10_000),
            ("unpacked_bytes", self.unpacked_bytes, 4 << 30),
            ("zip_ratio", self.zip_ratio, 10_000),
            ("rows", self.rows.into(), 1_048_576),
            ("columns", self.columns.into(), 16_384),
            ("sheets", size(self.sheets), 1_000),
            ("cells", size(self.cells), 10_000_000),
            ("pages", size(self.pages), 5_000),
            ("pictures", size(self.pictures), 1_000),
            ("pixels", self.pixels, FRAME),
            ("decode_seconds", self.decode_seconds, 600),
            ("recognize_seconds", self.recognize_seconds, 600),
            ("drafts", size(self.drafts), 1_000),
        ];
        match all.iter().find(|(_, value, most)| *value == 0 || value > most) {
            Some((key, value, most)) => Err(format!("limits.{key} is {value}, and must be 1 to {most}")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_limited() {
        assert_eq!(Limits::default().check(), Ok(()));
        for (limits, want) in [
            (Limits { pages: 0, ..Limits::default() }, "limits.pages is 0, and must be 1 to 5000"),
            (
                Limits { pixels: 1 << 40, ..Limits::default() },
                "limits.pixels is 1099511627776, and must be 1 to 268435456",
            ),
        ] {
            assert_eq!(limits.check().unwrap_err(), want);
        }
    }
}
