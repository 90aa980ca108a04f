//! Evidence of printed pages: the row or line in which a value was found becomes the box of its words on the page.

use super::find::Found;
use super::layout::Place;
use super::print::{Area, Word};
use super::said::Sought;
use crate::order::draft::{Confidence, DraftOrder, Evidence};
use serde_json::Value;

/// Gives every field of the orders its box, and no more confidence than the letters in it have.
pub(super) fn locate(found: &mut [Found], places: &[Place]) {
    for one in found.iter_mut().filter(|_| !places.is_empty()) {
        let Ok(mut tree) = serde_json::to_value(&one.order) else { continue };
        walk(&mut tree, places);
        if let Ok(order) = serde_json::from_value::<DraftOrder>(tree) {
            one.order = order;
        }
    }
}

/// Every object with a value and its evidence is a field.
fn walk(tree: &mut Value, places: &[Place]) {
    match tree {
        Value::Object(object) => {
            if let Some(spot) = object.get("evidence").and_then(|it| spot(it, places))
                && let Some((area, sure)) = object.get("value").and_then(|value| words(spot.1, value))
            {
                let read = object.get("confidence").and_then(Value::as_u64).unwrap_or(0);
                let confidence = read.min(sure.thousandths().into());
                object.insert("confidence".to_owned(), confidence.into());
                object.insert("evidence".to_owned(), serde_json::json!(evidence(spot.0, area)));
            }
            object.values_mut().for_each(|child| walk(child, places));
        }
        Value::Array(list) => list.iter_mut().for_each(|child| walk(child, places)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The page and the words of the row, cell or line that evidence names.
fn spot<'a>(evidence: &Value, places: &'a [Place]) -> Option<(u32, &'a [Vec<Word>])> {
    let number =
        |name: &str| evidence.get(name).and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok());
    let (row, column) = match evidence.get("at")?.as_str()? {
        "line" => (number("line")?, None),
        "cell" => (number("row")?, number("column")),
        _ => return None,
    };
    let place = places.get(row.checked_sub(1)?)?;
    let cells = match column {
        Some(column) => place.cells.get(column.checked_sub(1)?..column)?,
        None => &place.cells,
    };
    Some((place.page, cells))
}

fn evidence(page: u32, area: Area) -> Evidence {
    let tenths = |points: f32| (points.max(0.0) * 10.0).round() as u32;
    Evidence::Area {
        page,
        left: tenths(area.left),
        top: tenths(area.top),
        right: tenths(area.right),
        bottom: tenths(area.bottom),
    }
}

/// The words that say the value; all of the place when they cannot be told.
fn words(cells: &[Vec<Word>], value: &Value) -> Option<(Area, Confidence)> {
    let all: Vec<&Word> = cells.iter().flatten().collect();
    let said = value.as_str().unwrap_or_default();
    let chosen = run(&all, said).unwrap_or(&all);
    let mut words = chosen.iter();
    let first = words.next()?;
    Some(words.fold((first.area, first.confidence), |(area, sure), word| {
        (area.around(&word.area), sure.min(word.confidence))
    }))
}

/// The shortest run of words that says the value, else of those that hold it.
fn run<'a, 'b>(words: &'a [&'b Word], said: &str) -> Option<&'a [&'b Word]> {
    let sought = Sought::new(said)?;
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let shortest = |says: &dyn Fn(&[&str]) -> bool| {
        (1..=words.len().min(12)).find_map(|length| {
            let at = texts.windows(length).position(says)?;
            Some(&words[at..at + length])
        })
    };
    shortest(&|part| sought.is_said_by(part)).or_else(|| shortest(&|part| sought.is_held_by(part)))
}
