//! Pages as rows of plain cells, whether they are grids or lines with wide gaps: for who looks for what stands where.

use super::sides::chunks;
use crate::read::page::{Block, Page};

/// Rows of texts.
pub type Table = Vec<Vec<String>>;

/// The blocks of a page.
#[must_use]
pub fn tables(page: &Page) -> Vec<Table> {
    let rows = |block: &Block| match block {
        Block::Grid(grid) => {
            let cells = grid.rows.iter().map(|row| row.cells.iter().map(|cell| cell.text.clone()).collect());
            cells.collect()
        }
        Block::Text(lines) => {
            let cells =
                lines.iter().map(|line| chunks(&line.text).into_iter().map(|(_, text)| text).collect());
            cells.collect()
        }
    };
    page.blocks.iter().map(rows).collect()
}
