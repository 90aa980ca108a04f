//! `gendan mailboxes`: what is known of the mailboxes, and the mails that wait in them.

use super::context::Context;
use super::{End, Stop};
use crate::intake::imap::cursor::{Cursor, Open, Waits};
use crate::intake::imap::settings::Mailbox;
use crate::intake::imap::shelf;
use crate::runtime::house::House;
use crate::store::Answer;
use chrono::{DateTime, Utc};
use serde::Serialize;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List them: last look, trouble, mails that could not be taken 列表
    List,
    /// Try the mails that wait at once: all, or the one of this number 立即重试
    Retry { name: String, uid: Option<u32> },
}

#[derive(Serialize)]
struct Shown {
    name: String,
    folder: String,
    looked_at: Option<DateTime<Utc>>,
    trouble: Option<String>,
    waiting: Vec<Waiting>,
}

#[derive(Serialize)]
struct Waiting {
    uid: u32,
    #[serde(flatten)]
    open: Open,
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    match command {
        Command::List => list(&house, context).await,
        Command::Retry { name, uid } => retry(&house, context, &name, uid).await,
    }
}

async fn load(house: &House, mailbox: &Mailbox) -> Result<(Cursor, u64), Stop> {
    let found = house.store.load(&[shelf::key(mailbox)]).await?;
    Ok(shelf::read(found.into_iter().next().flatten())?)
}

async fn list(house: &House, context: &mut Context) -> Result<End, Stop> {
    let mut all = Vec::new();
    for mailbox in &house.config.mailboxes {
        let (cursor, _) = load(house, mailbox).await?;
        all.push(Shown {
            name: mailbox.name.clone(),
            folder: mailbox.folder.clone(),
            looked_at: cursor.looked_at,
            trouble: cursor.trouble,
            waiting: cursor.open.into_iter().map(|(uid, open)| Waiting { uid, open }).collect(),
        });
    }
    let heads = ["mailbox", "folder", "last look (UTC)", "mail", "bytes", "came (UTC)", "state"];
    context.out.rows(&all, &heads, all.iter().flat_map(rows).collect())?;
    let calm = |it: &Shown| it.trouble.is_none() && it.waiting.is_empty();
    Ok(if all.iter().all(calm) { End::Done } else { End::Attention })
}

fn rows(it: &Shown) -> Vec<Vec<String>> {
    let time =
        |at: Option<DateTime<Utc>>| at.map_or(String::new(), |at| at.format("%Y-%m-%d %H:%M:%S").to_string());
    let state = match (&it.trouble, it.looked_at) {
        (Some(trouble), _) => trouble.clone(),
        (None, Some(_)) => "is read".to_owned(),
        (None, None) => "not looked at yet".to_owned(),
    };
    let empty = String::new;
    let mut rows =
        vec![vec![it.name.clone(), it.folder.clone(), time(it.looked_at), empty(), empty(), empty(), state]];
    rows.extend(it.waiting.iter().map(|Waiting { uid, open }| {
        let what = match open.kind {
            Waits::Failed => "not taken",
            Waits::TooLarge => "too large",
            Waits::Unmarked => "taken, not marked",
        };
        let next = open.next.map_or(String::new(), |at| format!("; again at {}", at.format("%H:%M:%S")));
        let size = open.size.map_or(String::new(), |it| it.to_string());
        let state = format!("{what}: {}{next}", open.why);
        vec![it.name.clone(), empty(), empty(), uid.to_string(), size, time(open.arrived), state]
    }));
    rows
}

async fn retry(house: &House, context: &mut Context, name: &str, uid: Option<u32>) -> Result<End, Stop> {
    let Some(mailbox) = house.config.mailboxes.iter().find(|it| it.name == name) else {
        return Err(Stop::NotFound(format!(
            "there is no mailbox {name} in the settings: `gendan mailboxes list` shows those that are"
        )));
    };
    for _ in 0..10 {
        let (mut cursor, version) = load(house, mailbox).await?;
        let count = cursor.retry(uid);
        if let (0, Some(uid)) = (count, uid) {
            return Err(Stop::NotFound(format!(
                "mail {uid} does not wait in {name}: `gendan mailboxes list`"
            )));
        }
        let commit = shelf::commit(shelf::key(mailbox), &cursor, version);
        match house.store.commit(vec![commit]).await?.as_slice() {
            [Answer::Done] if context.out.json => {
                context.out.json(&serde_json::json!({"mailbox": name, "mails": count}))?;
                return Ok(End::Done);
            }
            [Answer::Done] => {
                context.out.line(format!("{name}: {count} mails are tried at its next look"))?;
                return Ok(End::Done);
            }
            [Answer::Lost { .. }] => {}
            other => return Err(Stop::Refused(format!("the records refuse it: {other:?}"))),
        }
    }
    Err(Stop::Refused(format!("{name} is being read at this moment; try again")))
}
