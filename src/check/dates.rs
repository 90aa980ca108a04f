//! Dates: a day that has not passed, and goods that the customer collects himself announced in time.

use super::Case;
use crate::master::text::simple;
use crate::order::line::Line;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use chrono::{Days, NaiveDate};
use regex::Regex;
use std::sync::LazyLock;

/// A Chinese number plate (GA 36): province, letter, five or six characters; in lower case.
static PLATE: LazyLock<Regex> = LazyLock::new(|| {
    let provinces = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
    Regex::new(&format!("[{provinces}][a-z][ ·•.-]?[a-z0-9]{{5,6}}")).expect("a constant pattern")
});

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let mut problems = impossible(case);
    problems.extend(pickup(case));
    problems
}

/// The day on which a line has to be there, and the path of the field that says so.
pub(super) fn wanted(case: &Case<'_>, at: usize, line: &Line) -> Option<(NaiveDate, String)> {
    let own = line.required.map(|day| (day, format!("lines.{at}.delivery_date")));
    own.or_else(|| case.content.requested.map(|day| (day, "requested_delivery".to_owned())))
}

/// Dates that nobody can mean: passed already, or further ahead than anybody orders.
fn impossible(case: &Case<'_>) -> Vec<Problem> {
    let on = case.around.on;
    let last = on
        .checked_add_days(chrono::Days::new(case.facts.settings.furthest_days.into()))
        .unwrap_or(NaiveDate::MAX);
    let requested = case.content.requested.map(|day| (day, "requested_delivery".to_owned()));
    let lines = case.content.lines.iter().enumerate();
    let lines = lines.filter_map(|(at, line)| Some((line.required?, format!("lines.{at}.delivery_date"))));
    let odd = requested.into_iter().chain(lines).filter(|(day, _)| *day < on || *day > last);
    odd.map(|(day, path)| Problem::new(Code::Unsure, path, Severity::Review, Queue::Keying).found(day))
        .collect()
}

/// Goods that the customer collects himself (自提): said early enough, and with the vehicle that comes.
fn pickup(case: &Case<'_>) -> Vec<Problem> {
    let settings = case.facts.settings;
    let method = simple(case.content.shipping_method.as_deref().unwrap_or(""));
    let collects = settings.pickup_words.iter().any(|word| method.contains(&simple(word)));
    if !collects || !case.is_new() {
        return Vec::new();
    }
    let asked = |code, path: String| Problem::new(code, path, Severity::Review, Queue::Clarification);
    let on = case.around.on;
    let days = case.content.lines.iter().enumerate().filter_map(|(at, line)| wanted(case, at, line));
    let soonest = days.filter(|(day, _)| *day >= on).min_by_key(|(day, _)| *day);
    let earliest = on.checked_add_days(Days::new(settings.pickup_notice_hours.div_ceil(24).into()));
    let too_soon = soonest.zip(earliest).filter(|((day, _), earliest)| day < earliest);
    let too_soon = too_soon
        .map(|((day, path), earliest)| asked(Code::PickupTooSoon, path).found(day).expected(earliest));
    let missing = (!names_vehicle(case)).then(|| asked(Code::MissingVehicle, "shipping_method".to_owned()));
    too_soon.into_iter().chain(missing).collect()
}

fn names_vehicle(case: &Case<'_>) -> bool {
    let order = case.draft.order.as_ref();
    let head =
        order.into_iter().flat_map(|order| [&order.shipping_method, &order.notes, &order.ship_to.address]);
    let head = head.flatten().map(|field| field.value.as_str());
    let notes = case.content.lines.iter().filter_map(|line| line.note.as_deref());
    let words: Vec<String> = case.facts.settings.vehicle_words.iter().map(|word| simple(word)).collect();
    head.chain(notes)
        .map(simple)
        .any(|text| PLATE.is_match(&text) || words.iter().any(|it| text.contains(it)))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, date, text};

    #[test]
    fn a_day_has_not_passed_and_is_not_too_far() {
        for (day, expected) in [
            ("2026-03-20", ""),
            ("2026-03-19", "unsure lines.0.delivery_date 2026-03-19"),
            ("2027-03-20", ""),
            ("2027-03-21", "unsure lines.0.delivery_date 2027-03-21"),
        ] {
            assert_eq!(Desk::new(&[&format!("A18||1|条|0.47||{day}")]).says(check).join(""), expected);
        }
    }

    #[test]
    fn who_collects_says_so_in_time_and_by_which_vehicle() {
        let late = "pickup_too_soon requested_delivery 2026-03-20 2026-03-21";
        for (method, day, notes, expected) in [
            ("自提 粤B·12345", "2026-03-21", "", &[][..]),
            ("客户自提", "2026-03-21", "车牌另见送货通知", &[]),
            ("Self-Collect", "2026-03-21", "Truck AB 123 comes at noon", &[]),
            ("客户自提", "2026-03-21", "", &["missing_vehicle shipping_method"]),
            ("自提", "2026-03-20", "粤B12345D 来提", &[late]),
            ("自提", "2026-03-20", "", &[late, "missing_vehicle shipping_method"]),
            ("自提，沪A D12345", "2026-03-20", "", &[late]),
            ("德邦物流", "2026-03-20", "", &[]),
            ("", "2026-03-20", "", &[]),
        ] {
            let mut desk = Desk::new(&["A18||1000|条|0.47"]);
            desk.order().shipping_method = text(method);
            desk.order().requested_delivery = date(day);
            desk.order().notes = text(notes);
            assert_eq!(desk.says(check), expected, "{method} {day} {notes}");
        }
    }

    #[test]
    fn the_notice_is_a_setting() {
        let mut desk = Desk::new(&["A18||1000|条|0.47||2026-03-22"]);
        desk.order().shipping_method = text("自提 粤B12345");
        assert!(desk.says(check).is_empty());
        desk.settings.pickup_notice_hours = 49;
        assert_eq!(desk.says(check), ["pickup_too_soon lines.0.delivery_date 2026-03-22 2026-03-23"]);
        desk.settings.pickup_words = vec!["派车来".to_owned()];
        assert!(desk.says(check).is_empty());
    }
}
