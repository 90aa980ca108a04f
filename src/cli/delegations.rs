//! `gendan delegations`: who may act for whom, from when until when; granted by the one whose right it is.

use super::context::{self, Context};
use super::{End, Stop};
use crate::order::ids::Ids;
use crate::order::review::{Queue, Role};
use crate::rights::delegation::Ended;
use crate::rights::{Action, Delegation};
use crate::runtime::house::House;
use crate::runtime::rights::Delegations;
use crate::store::{Answer, Commit};
use chrono::{DateTime, NaiveDateTime, Utc};
use clap::builder::PossibleValuesParser;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List those in force or to come 列表
    List {
        /// Those that ended too 包括已结束
        #[arg(long)]
        all: bool,
    },
    /// Hand your right (that of --as) to a colleague for a time 授权
    Grant(Grant),
    /// End one before its time 收回
    End { id: String },
}

#[derive(Debug, clap::Args)]
pub(super) struct Grant {
    /// Who may act for you; his user id 被授权人
    to: String,
    /// In which of your roles 角色
    #[arg(long, value_parser = PossibleValuesParser::new(Role::ALL.map(Role::as_str)))]
    role: String,
    /// Only in this queue; may be given several times 队列
    #[arg(long, value_parser = PossibleValuesParser::new(Queue::ALL.map(Queue::as_str)))]
    queue: Vec<String>,
    /// From this time of the house on, as 2026-10-01T08:30; without it from now on 起
    #[arg(long)]
    from: Option<NaiveDateTime>,
    /// Until this time of the house 止
    #[arg(long)]
    until: NaiveDateTime,
    /// Why, for the record 事由
    #[arg(long)]
    note: Option<String>,
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    context.may(&house, Action::View)?;
    match command {
        Command::List { all } => list(&house, all, context).await,
        Command::Grant(grant) => grant.run(&house, context).await,
        Command::End { id } => end(&house, &id, context).await,
    }
}

async fn list(house: &House, all: bool, context: &mut Context) -> Result<End, Stop> {
    let now = house.store.now().await?;
    let mut found = Delegations::load(house.store.as_ref()).await?.all;
    found.retain(|it| all || (it.ended.is_none() && now < it.until));
    let zone = house.config.firm.zone;
    let time = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
    let row = |it: &Delegation| {
        let queues: Vec<&str> = it.queues.iter().map(|queue| queue.as_str()).collect();
        let ended = it.ended.as_ref().map(|ended| format!("ended by {}", ended.by));
        let state = ended.unwrap_or_else(|| if it.is_in_force(now) { "in force" } else { "" }.to_owned());
        let (role, queues) = (it.role.as_str().to_owned(), queues.join(", "));
        vec![
            it.id.to_string(),
            it.from.clone(),
            it.to.clone(),
            role,
            queues,
            time(it.since),
            time(it.until),
            state,
        ]
    };
    let heads = ["delegation", "of", "to", "role", "queues", "from", "until", ""];
    context.out.rows(&found, &heads, found.iter().map(row).collect())?;
    Ok(End::Done)
}

impl Grant {
    async fn run(self, house: &House, context: &mut Context) -> Result<End, Stop> {
        let now = house.store.now().await?;
        let delegation = self.delegation(house, context.user()?, now)?;
        let said = format!("{} may act for {} until {}", delegation.to, delegation.from, self.until);
        change(house, |all| {
            all.push(delegation.clone());
            Ok(())
        })
        .await?;
        if context.out.json {
            context.out.json(&delegation)?;
        } else {
            context.out.line(format!("delegation {}: {said}", delegation.id))?;
        }
        Ok(End::Done)
    }

    fn delegation(&self, house: &House, from: &str, now: DateTime<Utc>) -> Result<Delegation, Stop> {
        let staff = house.books.staff(&[]);
        let (from, to) = (staff.user(from)?, staff.user(&self.to)?);
        let role = Role::ALL.into_iter().find(|role| role.as_str() == self.role);
        let held = role.filter(|role| from.roles.contains(role));
        let role = held.ok_or_else(|| {
            Stop::Refused(format!(
                "{} does not hold the role {}: nobody hands on what he has not",
                from.id, self.role
            ))
        })?;
        let since = self.from.map_or(now, |from| house.at(from));
        let until = house.at(self.until);
        if until <= since || until <= now {
            return Err(Stop::Refused("--until has to be later than --from, and than now".to_owned()));
        }
        if from.id == to.id {
            return Err(Stop::Refused("name a colleague: you have the right yourself".to_owned()));
        }
        Ok(Delegation {
            id: Ids::new(uuid::Uuid::nil(), now).id(&format!("delegation/{}/{}/{until}", from.id, to.id)),
            from: from.id.clone(),
            to: to.id.clone(),
            role,
            queues: Queue::ALL
                .into_iter()
                .filter(|it| self.queue.iter().any(|name| name == it.as_str()))
                .collect(),
            since,
            until,
            granted_at: now,
            note: self.note.clone(),
            ended: None,
        })
    }
}

async fn end(house: &House, id: &str, context: &mut Context) -> Result<End, Stop> {
    let id = context::id(id, "delegation", "delegations list")?;
    let by = context.user()?.to_owned();
    let now = house.store.now().await?;
    let administers = house.books.staff(&[]).may(&by, Action::Administer).is_ok();
    change(house, |all| {
        let found = all.iter_mut().find(|it| it.id == id && it.ended.is_none());
        let it = found.ok_or_else(|| {
            Stop::NotFound(format!(
                "there is no delegation {id} that has not ended: see `gendan delegations list`"
            ))
        })?;
        if it.from != by && !administers {
            return Err(Stop::Refused(format!("only {} or an administrator may end it", it.from)));
        }
        it.ended = Some(Ended { by: by.clone(), at: now });
        Ok(())
    })
    .await?;
    if context.out.json {
        context.out.json(&serde_json::json!({ "delegation": id, "ended": true }))?;
    } else {
        context.out.line(format!("delegation {id} is ended"))?;
    }
    Ok(End::Done)
}

/// Changes the delegations, again when somebody else was first.
async fn change(
    house: &House,
    mut change: impl FnMut(&mut Vec<Delegation>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    for _ in 0..10 {
        let mut delegations = Delegations::load(house.store.as_ref()).await?;
        change(&mut delegations.all)?;
        let commit = Commit { writes: vec![delegations.write()], ..Commit::default() };
        match house.store.commit(vec![commit]).await?.as_slice() {
            [Answer::Done] => return Ok(()),
            [Answer::Lost { .. }] => {}
            other => return Err(Stop::Refused(format!("the records refuse it: {other:?}"))),
        }
    }
    Err(Stop::Refused("others are changing delegations at this moment; try again".to_owned()))
}
