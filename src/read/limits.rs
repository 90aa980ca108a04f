//! Bounds that keep a hostile document from taking time or memory without end.

use serde::{Deserialize, Serialize};

/// What a reader takes before it gives up on a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
            pixels: 64 << 20,
            decode_seconds: 20,
            recognize_seconds: 60,
            drafts: 40,
        }
    }
}
