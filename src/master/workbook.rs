//! The tables of a workbook: each sheet is named after its table, in English or Chinese.

use super::cells::{Place, RowError};
use super::tables::NAMES;
use crate::read::page::{Block, Grid, Page};

/// What tables are called on sheets and files.
const CHINESE: [(&str, &[&str]); NAMES.len()] = [
    ("customers", &["客户"]),
    ("products", &["产品", "商品"]),
    ("prices", &["客户价格", "协议价"]),
    ("aliases", &["客户料号", "料号对照"]),
    ("stock", &["库存"]),
    ("balances", &["应收", "应收账款"]),
    ("boms", &["物料清单", "BOM"]),
    ("carriers", &["承运商", "物流公司"]),
    ("departments", &["部门"]),
    ("words", &["词语", "术语"]),
    ("addresses", &["地址", "客户地址"]),
    ("price_lists", &["价格表", "价目表"]),
    ("list_prices", &["价格表明细", "价目表明细"]),
    ("suppliers", &["供应商"]),
    ("certificates", &["证件", "客户证件"]),
    ("promotions", &["促销", "优惠"]),
];

/// The table that a sheet or file is named after.
#[must_use]
pub fn table_named(name: &str) -> Option<&'static str> {
    let name = name.trim();
    let is = |known: &str| known.eq_ignore_ascii_case(name);
    CHINESE.iter().find(|(table, names)| is(table) || names.iter().any(|it| is(it))).map(|(table, _)| *table)
}

/// The tables of a workbook's sheets. A workbook with one sheet may be named after the table itself (`file`, with its ending).
pub fn tables(file: &str, pages: Vec<Page>) -> Result<Vec<(&'static str, Grid)>, Vec<RowError>> {
    let grids = pages.into_iter().flat_map(|page| page.blocks).filter_map(|block| match block {
        Block::Grid(grid) => Some(grid),
        Block::Text(_) => None,
    });
    let grids: Vec<Grid> = grids.collect();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let by_file = table_named(stem).filter(|_| grids.len() == 1);
    let mut tables: Vec<(&'static str, Grid)> = Vec::new();
    let mut errors = Vec::new();
    for grid in grids {
        let name = grid.sheet.clone().unwrap_or_default();
        let place = Place { file, sheet: Some(&name) };
        match table_named(&name).or(by_file) {
            None => {
                let todo =
                    format!("name the sheet after its table, or hide or delete it: {}", NAMES.join(", "));
                errors.push(place.error(1, "sheet", &name, todo));
            }
            Some(table) if tables.iter().any(|(other, _)| *other == table) => {
                errors.push(place.error(1, "sheet", &name, format!("two sheets are {table}: join them")));
            }
            Some(table) => tables.push((table, grid)),
        }
    }
    if tables.is_empty() && errors.is_empty() {
        let place = Place { file, sheet: None };
        errors.push(place.error(1, "sheet", "", "the workbook has no visible sheet that holds anything"));
    }
    if errors.is_empty() { Ok(tables) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::master::import::{import, import_sheet};
    use crate::read::page::{Cell, Row};

    fn page(name: &str, rows: &[&[&str]]) -> Page {
        let row = |(cells, number): (&&[&str], u32)| Row {
            number,
            cells: cells.iter().map(|text| Cell::new(*text)).collect(),
        };
        let grid = Grid { sheet: Some(name.to_owned()), rows: rows.iter().zip(3..).map(row).collect() };
        Page { blocks: vec![Block::Grid(grid)] }
    }

    #[test]
    fn sheets_are_tables_by_their_names() {
        let named = |file: &str, names: &[&str]| {
            let pages = names.iter().map(|name| page(name, &[&["word", "means"]])).collect();
            match tables(file, pages) {
                Ok(tables) => tables.iter().map(|(table, _)| (*table).to_owned()).collect::<Vec<_>>(),
                Err(errors) => errors.iter().map(ToString::to_string).collect(),
            }
        };
        assert_eq!(
            named("主数据.xlsx", &["客户", "Products", "list_prices"]),
            ["customers", "products", "list_prices"]
        );
        assert_eq!(named("words.xlsx", &["Sheet1"]), ["words"]);
        assert_eq!(
            named("words.xlsx", &["词语", "术语"]),
            ["words.xlsx [术语]:1: sheet: found `术语`: two sheets are words: join them"]
        );
        assert!(
            named("x.xlsx", &["Sheet1", "stock"])[0]
                .starts_with("x.xlsx [Sheet1]:1: sheet: found `Sheet1`: name the sheet")
        );
        assert!(named("x.xlsx", &[])[0].contains("no visible sheet"));
    }

    #[test]
    fn a_sheet_is_read_as_its_csv_file_is() {
        let rows: &[&[&str]] =
            &[&["word", "means", ""], &["拉炼", "拉链", ""], &["", "", ""], &["zip", " ", ""]];
        let (_, grid) = tables("词语.xlsx", vec![page("Sheet1", rows)]).unwrap().remove(0);
        let errors = import_sheet("words", "词语.xlsx", &grid).unwrap_err();
        assert_eq!(errors[0].to_string(), "词语.xlsx [Sheet1]:6: means: found ``: fill it in");
        let rows: &[&[&str]] = &[&["means", "word"], &["拉链", "拉炼"]];
        let (_, grid) = tables("词语.xlsx", vec![page("Sheet1", rows)]).unwrap().remove(0);
        let body = import_sheet("words", "词语.xlsx", &grid).unwrap().body;
        assert_eq!(body, import("words", "w", "word,means\n拉炼,拉链\n".as_bytes()).unwrap().body);
        let rows: &[&[&str]] = &[&["word", "means"], &["a", "b", "c"]];
        let (_, grid) = tables("词语.xlsx", vec![page("Sheet1", rows)]).unwrap().remove(0);
        assert!(import_sheet("words", "x", &grid).unwrap_err()[0].to_string().contains("3 cells"));
    }
}
