//! PURE. What was keyed then, one line of an order a row: a CSV file or a workbook, as it comes out of the firm's old system.

use crate::master::RowError;
use calamine::{Data, Reader as _};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::HashMap;
use std::io::Cursor;

/// The columns, each with the headings by which it is known.
const COLUMNS: [(&str, &[&str]); 7] = [
    (
        "po_number",
        &["po_number", "po no", "po no.", "po", "order number", "订单号", "客户订单号", "采购单号", "po号"],
    ),
    ("customer_code", &["customer_code", "customer", "客户编码", "客户代码", "客户编号", "客户"]),
    ("sku", &["sku", "item", "item no", "料号", "品号", "产品编码", "产品编号", "物料编码"]),
    ("quantity", &["quantity", "qty", "数量", "订单数量"]),
    ("unit", &["unit", "uom", "单位"]),
    ("unit_price", &["unit_price", "price", "unit price", "单价"]),
    ("delivery_date", &["delivery_date", "delivery", "due", "due date", "交期", "交货日期", "交货期"]),
];
const DATES: [&str; 5] = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日"];

/// A line as it was keyed. What is empty is not compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedLine {
    pub po_number: String,
    pub customer: Option<String>,
    pub sku: String,
    pub quantity: Option<Decimal>,
    pub unit: Option<String>,
    pub unit_price: Option<Decimal>,
    pub delivery_date: Option<NaiveDate>,
}

/// Reads the file's bytes; its name says what it is, and is a label for errors. One wrong row refuses it whole.
pub fn keyed(file: &str, bytes: &[u8]) -> Result<Vec<KeyedLine>, Vec<RowError>> {
    let is_book = [".xlsx", ".xlsm", ".xls", ".ods"].iter().any(|it| file.to_lowercase().ends_with(it));
    let rows = if is_book { book(file, bytes)? } else { csv(file, bytes)? };
    let mut rows = rows.into_iter();
    let Some((_, heads)) = rows.next() else {
        return Err(vec![wrong(
            file,
            1,
            "header",
            "nothing",
            "write the names of the columns into the first row",
        )]);
    };
    let columns = columns(file, &heads)?;
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    for (at, cells) in rows.filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty())) {
        match line(file, at, &columns, &cells) {
            Ok(line) => lines.push(line),
            Err(error) => errors.push(*error),
        }
    }
    if lines.is_empty() && errors.is_empty() {
        errors.push(wrong(
            file,
            2,
            "row",
            "nothing",
            "there are no orders in it; give one line of an order a row",
        ));
    }
    if errors.is_empty() { Ok(lines) } else { Err(errors) }
}

fn columns(file: &str, heads: &[String]) -> Result<HashMap<&'static str, usize>, Vec<RowError>> {
    let mut columns = HashMap::new();
    for (at, head) in heads.iter().enumerate() {
        let head = head.trim().to_lowercase();
        if let Some((name, _)) = COLUMNS.iter().find(|(_, known)| known.contains(&head.as_str())) {
            columns.entry(*name).or_insert(at);
        }
    }
    let missing = ["po_number", "sku", "quantity"].into_iter().filter(|name| !columns.contains_key(name));
    let all = COLUMNS.map(|(name, _)| name).join(", ");
    let todo = format!("name a column so; there may be {all}");
    let errors: Vec<RowError> = missing.map(|name| wrong(file, 1, name, "no such column", &todo)).collect();
    if errors.is_empty() { Ok(columns) } else { Err(errors) }
}

fn line(
    file: &str,
    at: u64,
    columns: &HashMap<&'static str, usize>,
    cells: &[String],
) -> Result<KeyedLine, Box<RowError>> {
    let cell = |name: &str| columns.get(name).and_then(|at| cells.get(*at)).map_or("", |cell| cell.trim());
    let text = |name: &str| Some(cell(name).to_owned()).filter(|it| !it.is_empty());
    let needed = |name: &str| text(name).ok_or_else(|| Box::new(wrong(file, at, name, "", "fill it in")));
    let number = |name: &str| {
        let Some(text) = text(name) else { return Ok(None) };
        let plain = text.replace([',', '，', ' '], "");
        let todo = "write a plain number, as in 1250.50";
        plain.parse().map(Some).map_err(|_| Box::new(wrong(file, at, name, &text, todo)))
    };
    let date = |name: &str| {
        let Some(text) = text(name) else { return Ok(None) };
        let day = text.split(['T', ' ']).next().unwrap_or_default();
        let parsed = DATES.iter().find_map(|format| NaiveDate::parse_from_str(day, format).ok());
        parsed.map(Some).ok_or_else(|| Box::new(wrong(file, at, name, &text, "write the date as 2026-01-31")))
    };
    Ok(KeyedLine {
        po_number: needed("po_number")?,
        customer: text("customer_code"),
        sku: needed("sku")?,
        quantity: number("quantity")?,
        unit: text("unit"),
        unit_price: number("unit_price")?,
        delivery_date: date("delivery_date")?,
    })
}

type Rows = Vec<(u64, Vec<String>)>;

fn csv(file: &str, bytes: &[u8]) -> Result<Rows, Vec<RowError>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map(str::to_owned).ok().or_else(|| {
        let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes);
        text.map(|text| text.into_owned())
    });
    let Some(text) = text.filter(|text| !text.contains('\0')) else {
        let todo = "save the file as CSV in UTF-8 or GBK, or as a workbook (.xlsx)";
        return Err(vec![wrong(file, 1, "encoding", "bytes that are neither", todo)]);
    };
    let first = text.lines().next().unwrap_or_default();
    let parts = [b',', b';', b'\t'];
    let part = parts.into_iter().max_by_key(|part| first.matches(char::from(*part)).count()).unwrap_or(b',');
    let mut reader = ::csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .delimiter(part)
        .from_reader(text.as_bytes());
    let mut rows = Rows::new();
    for record in reader.records() {
        let record = record.map_err(|e| {
            let at = e.position().map_or(0, ::csv::Position::line);
            vec![wrong(file, at, "row", &e.to_string(), "repair this line of the CSV file")]
        })?;
        let at = record.position().map_or(0, ::csv::Position::line);
        rows.push((at, record.iter().map(str::to_owned).collect()));
    }
    Ok(rows)
}

fn book(file: &str, bytes: &[u8]) -> Result<Rows, Vec<RowError>> {
    let broken = |why: String| {
        vec![wrong(file, 1, "workbook", &why, "open it in a spreadsheet program and save it again")]
    };
    let mut book =
        calamine::open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|e| broken(e.to_string()))?;
    let sheet = book.worksheet_range_at(0).ok_or_else(|| broken("it has no sheet".to_owned()))?;
    let sheet = sheet.map_err(|e| broken(e.to_string()))?;
    let top = u64::from(sheet.start().map_or(0, |(row, _)| row));
    Ok((top + 1..).zip(sheet.rows()).map(|(at, row)| (at, row.iter().map(cell).collect())).collect())
}

fn cell(data: &Data) -> String {
    match data {
        Data::DateTime(at) => at.as_datetime().map_or_else(String::new, |at| at.date().to_string()),
        Data::Float(number) => Decimal::from_f64_retain(*number)
            .map_or_else(|| number.to_string(), |it| it.round_dp(10).normalize().to_string()),
        Data::Empty | Data::Error(_) => String::new(),
        Data::Int(_) | Data::String(_) | Data::Bool(_) | Data::DateTimeIso(_) | Data::DurationIso(_) => {
            data.to_string()
        }
    }
}

fn wrong(file: &str, line: u64, field: &str, found: &str, todo: &str) -> RowError {
    RowError {
        file: file.to_owned(),
        sheet: None,
        line,
        field: field.to_owned(),
        found: found.to_owned(),
        todo: todo.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_by_their_headings_in_any_order() {
        let text = "数量,客户订单号,料号,单价,交期,备注\n\"1,200\",A-1,X,0.50,2026/3/5,x\n\n300,A-1,Y,,,\n";
        for bytes in [text.as_bytes().to_vec(), encoding_rs::GB18030.encode(text).0.into_owned()] {
            let lines = keyed("old.csv", &bytes).unwrap();
            assert_eq!(lines.len(), 2);
            let line = &lines[0];
            assert_eq!(
                (line.po_number.as_str(), line.sku.as_str(), line.customer.as_deref()),
                ("A-1", "X", None)
            );
            assert_eq!(line.quantity, Some(Decimal::from(1200)));
            assert_eq!(line.unit_price, "0.50".parse().ok());
            assert_eq!(line.delivery_date, NaiveDate::from_ymd_opt(2026, 3, 5));
            assert_eq!((lines[1].unit_price, lines[1].delivery_date), (None, None));
        }
    }

    #[test]
    fn a_workbook_says_the_same() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        let day = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
        for (at, head) in (0..).zip(["po_number", "sku", "quantity", "delivery_date"]) {
            sheet.write(0, at, head).unwrap();
        }
        sheet.write(1, 0, 4711).unwrap();
        sheet.write(1, 1, "X").unwrap();
        sheet.write(1, 2, 0.3).unwrap();
        sheet.write_with_format(1, 3, &NaiveDate::from_ymd_opt(2026, 3, 5).unwrap(), &day).unwrap();
        let lines = keyed("old.xlsx", &book.save_to_buffer().unwrap()).unwrap();
        assert_eq!(lines[0].po_number, "4711");
        assert_eq!(lines[0].quantity, "0.3".parse().ok());
        assert_eq!(lines[0].delivery_date, NaiveDate::from_ymd_opt(2026, 3, 5));
    }

    #[test]
    fn what_is_wrong_names_file_line_and_remedy() {
        for (text, said) in [
            ("", "old.csv:1: header"),
            ("po_number,sku\nA,X\n", "old.csv:1: quantity: found `no such column`"),
            ("po_number,sku,quantity\nA,X,many\n", "old.csv:2: quantity: found `many`: write a plain number"),
            ("po_number,sku,quantity\nA,,1\n", "old.csv:2: sku: found ``: fill it in"),
            ("po_number,sku,quantity,due\nA,X,1,soon\n", "write the date as"),
            ("po_number,sku,quantity\n", "there are no orders in it"),
        ] {
            let errors = keyed("old.csv", text.as_bytes()).unwrap_err();
            assert!(errors[0].to_string().contains(said), "{text}: {}", errors[0]);
        }
        assert!(keyed("old.xlsx", b"nonsense").is_err());
    }
}
