//! The one model that every format becomes: pages of text lines and grids of cells, each with where it stands.

use crate::order::draft::Evidence;
use serde::{Deserialize, Serialize};

/// A line of text; numbers count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextLine {
    pub number: u32,
    pub text: String,
}

/// A cell; its column is its place in the row.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cell {
    pub text: String,
    /// The text is that of a merged cell which began in a row above.
    pub carried: bool,
}

impl Cell {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), carried: false }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Row of the sheet or table, or line of the text, from 1.
    pub number: u32,
    pub cells: Vec<Cell>,
}

impl Row {
    /// Cells that hold something, with their columns.
    pub fn filled(&self) -> impl Iterator<Item = (usize, &str)> {
        self.cells.iter().enumerate().map(|(c, cell)| (c, cell.text.trim())).filter(|(_, t)| !t.is_empty())
    }
}

/// A grid of cells. `sheet` is None for tables found in plain text, whose rows are lines.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Grid {
    pub sheet: Option<String>,
    pub rows: Vec<Row>,
}

impl Grid {
    #[must_use]
    pub fn evidence(&self, row: u32, column: usize) -> Evidence {
        match &self.sheet {
            Some(sheet) => Evidence::Cell {
                sheet: sheet.clone(),
                row,
                column: u32::try_from(column + 1).unwrap_or(u32::MAX),
            },
            None => Evidence::Line { line: row },
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Block {
    Text(Vec<TextLine>),
    Grid(Grid),
}

/// One sheet, body or file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Page {
    pub blocks: Vec<Block>,
}

impl Page {
    /// All text of the page, for looking at habits and words.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().flat_map(|block| -> Box<dyn Iterator<Item = &str> + '_> {
            match block {
                Block::Text(lines) => Box::new(lines.iter().map(|l| l.text.as_str())),
                Block::Grid(grid) => Box::new(
                    grid.rows
                        .iter()
                        .flat_map(|r| r.cells.iter().filter(|c| !c.carried).map(|c| c.text.as_str())),
                ),
            }
        })
    }

    /// Its lines, each row of a grid as one.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let row = |row: &Row| row.filled().map(|(_, text)| text).collect::<Vec<_>>().join("  ");
        let lines = self.blocks.iter().flat_map(|block| match block {
            Block::Text(lines) => lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>(),
            Block::Grid(grid) => grid.rows.iter().map(row).collect(),
        });
        lines.collect()
    }

    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.texts().all(|t| t.trim().is_empty())
    }
}
