//! Working time: which days and hours the house works, and what a deadline in working hours comes to.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::Deserialize;
use std::collections::BTreeSet;
use thiserror::Error;

/// No deadline is looked for further ahead than this.
const FAR: u64 = 3660;

/// The working time of a house. Built only by [`Calendar::parse`], so it always has working time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    zone: Tz,
    week: Vec<Weekday>,
    hours: Vec<(NaiveTime, NaiveTime)>,
    holidays: BTreeSet<NaiveDate>,
    make_up: BTreeSet<NaiveDate>,
}

/// A calendar file that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}: {what}: {remedy}")]
pub struct CalendarError {
    pub file: String,
    pub what: String,
    pub remedy: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    zone: String,
    week: Vec<String>,
    hours: Vec<(String, String)>,
    #[serde(default)]
    holidays: Vec<Holiday>,
    #[serde(default)]
    make_up: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    /// For people who read the file.
    #[serde(rename = "name")]
    _name: String,
    from: String,
    to: String,
}

impl Calendar {
    /// The text of a calendar that ships with the program, for [`Calendar::parse`]; none when there is none of that name.
    #[must_use]
    pub fn shipped(name: &str) -> Option<&'static str> {
        (name == "cn-2026").then_some(include_str!("../../config/calendar/cn-2026.toml"))
    }

    /// Reads a calendar; `file` is named in errors.
    pub fn parse(file: &str, text: &str) -> Result<Self, CalendarError> {
        let refused = |what: String, remedy: &str| CalendarError {
            file: file.to_owned(),
            what,
            remedy: remedy.to_owned(),
        };
        let raw: File = toml::from_str(text).map_err(|error| {
            refused(error.message().to_owned(), "compare with config/calendar/cn-2026.toml")
        })?;
        let zone = raw.zone.parse().map_err(|_| {
            refused(format!("`{}` is not a time zone", raw.zone), "use an IANA name such as Asia/Shanghai")
        })?;
        let week = raw
            .week
            .iter()
            .map(|day| day.parse().map_err(|_| refused(format!("`{day}` is not a day"), "use mon to sun")))
            .collect::<Result<Vec<Weekday>, _>>()?;
        let day = |text: &str| {
            text.parse().map_err(|_| refused(format!("`{text}` is not a date"), "write it as 2026-10-01"))
        };
        let mut holidays = BTreeSet::new();
        for holiday in &raw.holidays {
            let (from, to): (NaiveDate, NaiveDate) = (day(&holiday.from)?, day(&holiday.to)?);
            holidays.extend(from.iter_days().take_while(|it| *it <= to).take(FAR as usize));
        }
        let make_up = raw.make_up.iter().map(|text| day(text)).collect::<Result<_, _>>()?;
        let hours = parse_hours(&raw.hours).ok_or_else(|| {
            refused("`hours` is not usable".to_owned(), "write spans in order, as [[\"08:30\", \"12:00\"]]")
        })?;
        if week.is_empty() {
            return Err(refused("`week` is empty".to_owned(), "name at least one working day"));
        }
        Ok(Self { zone, week, hours, holidays, make_up })
    }

    /// The zone in which the house's days begin and end.
    #[must_use]
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The house's date at a moment.
    #[must_use]
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// The moment at which the house's clock shows `time` on `day`.
    #[must_use]
    pub fn at(&self, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
        let local = day.and_time(time);
        self.zone
            .from_local_datetime(&local)
            .earliest()
            .map_or_else(|| local.and_utc(), |at| at.with_timezone(&Utc))
    }

    #[must_use]
    pub fn is_workday(&self, day: NaiveDate) -> bool {
        self.make_up.contains(&day) || (self.week.contains(&day.weekday()) && !self.holidays.contains(&day))
    }

    /// The first working day after `day`.
    #[must_use]
    pub fn next_workday(&self, day: NaiveDate) -> NaiveDate {
        day.iter_days().skip(1).take(FAR as usize).find(|it| self.is_workday(*it)).unwrap_or(day)
    }

    /// `day` itself when the house works on it, else the next day on which it does.
    #[must_use]
    pub fn workday_from(&self, day: NaiveDate) -> NaiveDate {
        if self.is_workday(day) { day } else { self.next_workday(day) }
    }

    /// The last working day before `day`.
    #[must_use]
    pub fn workday_before(&self, day: NaiveDate) -> NaiveDate {
        (1..FAR)
            .filter_map(|back| day.checked_sub_days(Days::new(back)))
            .find(|it| self.is_workday(*it))
            .unwrap_or(day)
    }

    /// `at` itself in working time, else the next moment at which the house opens.
    #[must_use]
    pub fn open_from(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let days = self.day_of(at).iter_days().take(FAR as usize).filter(|day| self.is_workday(*day));
        for day in days {
            for (opens, closes) in &self.hours {
                if at <= self.at(day, *closes) {
                    return self.at(day, *opens).max(at);
                }
            }
        }
        at
    }

    /// The moment at which `hours` working hours have passed since `from`.
    #[must_use]
    pub fn add_working_hours(&self, from: DateTime<Utc>, hours: u32) -> DateTime<Utc> {
        self.add_working(from, TimeDelta::hours(i64::from(hours)))
    }

    /// The moment at which `work` of working time has passed since `from`.
    #[must_use]
    pub fn add_working(&self, from: DateTime<Utc>, work: TimeDelta) -> DateTime<Utc> {
        let mut left = work;
        for day in self.day_of(from).iter_days().take(FAR as usize).filter(|day| self.is_workday(*day)) {
            for (opens, closes) in &self.hours {
                let (start, end) = (self.at(day, *opens).max(from), self.at(day, *closes));
                if start >= end {
                    continue;
                }
                if left <= end - start {
                    return start + left;
                }
                left -= end - start;
            }
        }
        from + work
    }
}

fn parse_hours(spans: &[(String, String)]) -> Option<Vec<(NaiveTime, NaiveTime)>> {
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
    let hours: Vec<_> =
        spans.iter().map(|(from, to)| Some((time(from)?, time(to)?))).collect::<Option<_>>()?;
    let times: Vec<NaiveTime> = hours.iter().flat_map(|(from, to)| [*from, *to]).collect();
    (!hours.is_empty() && times.is_sorted_by(|a, b| a < b)).then_some(hours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        Calendar::parse("cn-2026.toml", Calendar::shipped("cn-2026").unwrap()).unwrap()
    }

    fn local(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&format!("{}:00+08:00", text.replace(' ', "T"))).unwrap().to_utc()
    }

    #[test]
    fn working_hours_pass_only_in_working_time() {
        for (case, from, hours, due) in [
            ("in the morning", "2026-03-10 09:00", 2, "2026-03-10 11:00"),
            ("over lunch", "2026-03-10 11:00", 4, "2026-03-10 16:30"),
            ("up to closing time", "2026-03-10 13:30", 4, "2026-03-10 17:30"),
            ("to the next morning", "2026-03-10 16:00", 4, "2026-03-11 10:30"),
            ("from before opening", "2026-03-10 06:00", 4, "2026-03-10 14:00"),
            ("from lunch", "2026-03-10 12:30", 1, "2026-03-10 14:30"),
            ("over the weekend", "2026-03-13 17:00", 4, "2026-03-16 11:30"),
            ("from a Sunday", "2026-03-15 10:00", 4, "2026-03-16 14:00"),
            (
                "over Spring Festival, the Saturday before is worked",
                "2026-02-13 17:30",
                4,
                "2026-02-14 12:00",
            ),
            ("into Spring Festival", "2026-02-14 17:00", 4, "2026-02-24 11:30"),
            ("over National Day", "2026-09-30 17:00", 8, "2026-10-08 17:00"),
            ("nothing", "2026-03-10 09:00", 0, "2026-03-10 09:00"),
        ] {
            assert_eq!(calendar().add_working_hours(local(from), hours), local(due), "{case}");
        }
    }

    #[test]
    fn the_next_opening() {
        for (at, opens) in [
            ("2026-03-10 09:00", "2026-03-10 09:00"),
            ("2026-03-10 06:00", "2026-03-10 08:30"),
            ("2026-03-10 12:30", "2026-03-10 13:30"),
            ("2026-03-10 18:00", "2026-03-10 18:00"),
            ("2026-03-10 18:01", "2026-03-11 08:30"),
            ("2026-03-14 10:00", "2026-03-16 08:30"),
            ("2026-02-15 10:00", "2026-02-24 08:30"),
        ] {
            assert_eq!(calendar().open_from(local(at)), local(opens), "{at}");
        }
    }

    #[test]
    fn workdays_go_around_holidays_and_make_up_days() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (from, next, before) in [
            ("2026-03-10", "2026-03-11", "2026-03-09"),
            ("2026-03-13", "2026-03-16", "2026-03-12"),
            ("2026-02-13", "2026-02-14", "2026-02-12"),
            ("2026-02-24", "2026-02-25", "2026-02-14"),
            ("2026-10-01", "2026-10-08", "2026-09-30"),
            ("2026-09-20", "2026-09-21", "2026-09-18"),
            ("2026-09-21", "2026-09-22", "2026-09-20"),
        ] {
            assert_eq!(calendar().next_workday(day(from)), day(next), "after {from}");
            assert_eq!(calendar().workday_before(day(from)), day(before), "before {from}");
        }
    }

    #[test]
    fn a_calendar_without_working_time_is_refused() {
        let file = |zone: &str, hours: &str| format!("zone = \"{zone}\"\nweek = [\"mon\"]\nhours = {hours}");
        for (text, what) in [
            (file("Asia/Nowhere", "[[\"08:30\", \"12:00\"]]"), "is not a time zone"),
            (file("Asia/Shanghai", "[]"), "`hours` is not usable"),
            (file("Asia/Shanghai", "[[\"12:00\", \"08:30\"]]"), "`hours` is not usable"),
            ("zone = 1".to_owned(), "invalid type"),
        ] {
            let refused = Calendar::parse("house.toml", &text).unwrap_err().to_string();
            assert!(refused.starts_with("house.toml: ") && refused.contains(what), "{refused}");
        }
    }
}
