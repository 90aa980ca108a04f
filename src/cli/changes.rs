//! `gendan orders amend | cancel | hold | resume`: changes that come from the house, for its own sake or the customer's.

use super::context::Context;
use super::hand_over::hand_over;
use super::orders::{became_of, find};
use super::reviews::read_plain;
use super::{End, Stop};
use crate::order::by_house::{self, ChangeAsked, HouseChange};
use crate::order::ids::Ids;
use crate::order::message::{Body, Message, Step};
use crate::review;
use crate::review::by_house::CannotChange;
use crate::runtime::house::House;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Amend {
    order: String,
    /// What the order says now: a JSON file in the shape of `gendan read --json`, with nothing in it but what changes 更改内容
    #[arg(long, value_name = "CHANGE.json")]
    file: PathBuf,
    /// Who wants it, and why; it is kept with the order 原因
    #[arg(long)]
    note: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Cancel {
    order: String,
    /// Only the line at this place of the order 订单行
    #[arg(long, value_name = "N")]
    line: Option<u32>,
    /// Who wants it, and why; it is kept with the order 原因
    #[arg(long)]
    note: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Hold {
    order: String,
    /// Only the line at this place of the order; the others go on 订单行
    #[arg(long, value_name = "N")]
    line: Option<u32>,
    /// Why; it is kept with the order 原因
    #[arg(long)]
    note: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Resume {
    order: String,
    /// The line that was held 订单行
    #[arg(long, value_name = "N")]
    line: Option<u32>,
    /// 备注
    #[arg(long, default_value = "")]
    note: String,
}

impl Amend {
    pub(super) async fn run(self, house: &House, context: &mut Context) -> Result<End, Stop> {
        let file = self.file.display().to_string();
        let order = by_house::said(&read_plain(&self.file)?);
        let asked = Asked { change: HouseChange::Amend { order }, reason: self.note, file: Some(file) };
        asked.hand_over(house, &self.order, context).await
    }
}

impl Cancel {
    pub(super) async fn run(self, house: &House, context: &mut Context) -> Result<End, Stop> {
        let asked = Asked { change: HouseChange::Cancel { line: self.line }, reason: self.note, file: None };
        asked.hand_over(house, &self.order, context).await
    }
}

impl Hold {
    pub(super) async fn run(self, house: &House, context: &mut Context) -> Result<End, Stop> {
        let asked = Asked { change: HouseChange::Hold { line: self.line }, reason: self.note, file: None };
        asked.hand_over(house, &self.order, context).await
    }
}

impl Resume {
    pub(super) async fn run(self, house: &House, context: &mut Context) -> Result<End, Stop> {
        let asked = Asked { change: HouseChange::Resume { line: self.line }, reason: self.note, file: None };
        asked.hand_over(house, &self.order, context).await
    }
}

struct Asked {
    change: HouseChange,
    reason: String,
    /// What is wrong with it is wrong in this file.
    file: Option<String>,
}

impl Asked {
    async fn hand_over(self, house: &House, order: &str, context: &mut Context) -> Result<End, Stop> {
        let by = context.user()?.to_owned();
        house.books.staff(&[]).may_change(&by, &self.change)?;
        let order = find(house, order).await?;
        let refused = |why: &dyn std::fmt::Display| {
            let place = self.file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
            Stop::Refused(format!("{place}{why}"))
        };
        let resumes = matches!(self.change, HouseChange::Resume { .. });
        if self.reason.trim().is_empty() && !resumes {
            return Err(refused(&CannotChange::NoReason));
        }
        if matches!(self.change, HouseChange::Amend { .. } | HouseChange::Cancel { .. }) {
            review::by_house::drafted(&order, &self.change).map_err(|why| refused(&why))?;
        }
        let now = house.store.now().await?;
        let (reason, change) = (self.reason.trim().to_owned(), self.change.clone());
        let message = Message {
            id: Ids::new(order.id, now).id("change"),
            attempt: 1,
            correlation_id: order.id,
            step: Step::Review,
            lane: None,
            created_at: now,
            not_before: None,
            body: Body::ChangeAsked(ChangeAsked { order_id: order.id, change, reason, by }),
        };
        house.books.schemas.check_message(&message).map_err(|e| refused(&e))?;
        let effect = format!("command:{}", message.id);
        let became = hand_over(house, message, effect).await?;
        if let Some(why) = became.strip_prefix("refused: ") {
            return Err(refused(&why));
        }
        became_of(house, order.id, &became, context).await
    }
}
