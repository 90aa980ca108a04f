//! `gendan lessons`: what was learnt of the customers by correcting their orders, and taking it back.

use super::context::{self, Context};
use super::{End, Stop};
use crate::learn::{Lesson, Meaning, Taught};
use crate::rights::Action;
use crate::runtime::house::House;
use crate::runtime::lessons::{self, Page};
use crate::store::{Answer, Commit};
use serde::Serialize;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List what was learnt, by customer 列表
    List {
        /// Of this customer only; his code 客户代码
        #[arg(long)]
        customer: Option<String>,
        /// With what was taken back 包括已撤销
        #[arg(long)]
        all: bool,
    },
    /// Take one back: it counts no more from the next document on 撤销
    Undo { id: String },
}

#[derive(Serialize)]
struct Shown {
    customer: String,
    #[serde(flatten)]
    lesson: Lesson,
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    context.may(&house, Action::View)?;
    match command {
        Command::List { customer, all } => list(&house, customer, all, context).await,
        Command::Undo { id } => undo(&house, &id, context).await,
    }
}

async fn list(
    house: &House,
    customer: Option<String>,
    all: bool,
    context: &mut Context,
) -> Result<End, Stop> {
    let pages = lessons::all(house.store.as_ref(), customer).await?;
    let shown = |(customer, Taught { lessons }): (String, Taught)| {
        lessons.into_iter().map(move |lesson| Shown { customer: customer.clone(), lesson })
    };
    let mut lessons: Vec<Shown> = pages.into_iter().flat_map(shown).collect();
    lessons.retain(|it| all || it.lesson.undone.is_none());
    let row = |Shown { customer, lesson }: &Shown| {
        let (what, words, means) = said(&lesson.meaning);
        let undone = lesson.undone.as_ref().map_or(String::new(), |it| format!("taken back by {}", it.by));
        let at = lesson.at.with_timezone(&house.config.firm.zone).format("%Y-%m-%d %H:%M").to_string();
        let id = lesson.id.to_string();
        vec![id, customer.clone(), what.to_owned(), words, means, lesson.by.clone(), at, undone]
    };
    let heads = ["lesson", "customer", "what", "his words", "mean", "taught by", "at", ""];
    context.out.rows(&lessons, &heads, lessons.iter().map(row).collect())?;
    Ok(End::Done)
}

fn said(meaning: &Meaning) -> (&'static str, String, String) {
    match meaning {
        Meaning::Column { heading, column } => ("column", heading.clone(), word(column)),
        Meaning::Label { words, label } => ("label", words.clone(), word(label)),
        Meaning::Product { name, sku } => ("product", name.clone(), sku.clone()),
        Meaning::Kind { subject, kind } => ("subject", subject.clone(), kind.as_str().to_owned()),
    }
}

/// The word that the label files have for it.
fn word<T: Serialize>(value: &T) -> String {
    let word = serde_json::to_value(value).ok();
    word.and_then(|it| it.as_str().map(str::to_owned)).unwrap_or_default()
}

async fn undo(house: &House, id: &str, context: &mut Context) -> Result<End, Stop> {
    let id = context::id(id, "lesson", "lessons list")?;
    let by = &context.acting(house, Action::Key)?;
    let unknown = || {
        Stop::NotFound(format!(
            "there is no lesson {id} in force: `gendan lessons list` shows those that are"
        ))
    };
    for _ in 0..10 {
        let pages = lessons::all(house.store.as_ref(), None).await?;
        let holds = |taught: &Taught| taught.in_force().any(|lesson| lesson.id == id);
        let (customer, _) = pages.into_iter().find(|(_, taught)| holds(taught)).ok_or_else(unknown)?;
        let mut page = Page::load(house.store.as_ref(), &customer).await?;
        if !page.taught.undo(id, by, house.store.now().await?) {
            return Err(unknown());
        }
        let commit = Commit { writes: page.writes().into(), ..Commit::default() };
        match house.store.commit(vec![commit]).await?.as_slice() {
            [Answer::Done] if context.out.json => {
                context.out.json(&serde_json::json!({"lesson": id, "customer": customer, "undone": true}))?;
                return Ok(End::Done);
            }
            [Answer::Done] => {
                context.out.line(format!("lesson {id} of {customer} is taken back"))?;
                return Ok(End::Done);
            }
            [Answer::Lost { .. }] => {}
            other => return Err(Stop::Refused(format!("the records refuse it: {other:?}"))),
        }
    }
    Err(Stop::Refused("others are teaching at this moment; try again".to_owned()))
}
