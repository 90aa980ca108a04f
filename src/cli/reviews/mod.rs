//! `gendan reviews`: what waits for a word, what there is to see, and the decision.

mod answers;
mod decide;

pub(super) use decide::read_plain;

use super::context::{self, Context};
use super::{End, Stop};
use crate::order::Order;
use crate::order::draft::DraftOrder;
use crate::order::keyed;
use crate::order::review::{Decided, Review, ReviewState, Sign};
use crate::rights::Action;
use crate::runtime::house::House;
use crate::store::{Key, Kind, PartRecord, ReviewRow};
use serde::Serialize;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List reviews that wait, by deadline 待审列表
    List {
        /// Ended ones too 包括已结束
        #[arg(long)]
        all: bool,
    },
    /// Show one: the order, its problems, and the digest that a decision must name 查看
    Show { id: String },
    /// Decide one: agree, on conditions, return, reject, pass on, ask for one more, appeal 审批
    Decide(Box<decide::Decide>),
}

#[derive(Serialize)]
struct Shown {
    review: Review,
    order: Order,
    draft: Option<serde_json::Value>,
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    context.may(&house, Action::View)?;
    match command {
        Command::List { all } => list(&house, all, context).await,
        Command::Show { id } => show(&house, &id, context).await,
        Command::Decide(decide) => decide.run(&house, context).await,
    }
}

async fn list(house: &House, all: bool, context: &mut Context) -> Result<End, Stop> {
    let reviews = house.store.reviews(if all { None } else { Some("open") }).await?;
    let row = |it: &ReviewRow| {
        vec![
            it.id.to_string(),
            it.queue.as_str().to_owned(),
            it.order_id.to_string(),
            it.rules.join(", "),
            it.due_at.with_timezone(&house.config.firm.zone).format("%m-%d %H:%M").to_string(),
            if it.overdue { "overdue".to_owned() } else { it.state.clone() },
        ]
    };
    let heads = ["review", "queue", "order", "asked by", "due", "state"];
    context.out.rows(&reviews, &heads, reviews.iter().map(row).collect())?;
    Ok(End::Done)
}

async fn find(house: &House, id: &str) -> Result<(Review, Order), Stop> {
    let id = context::id(id, "review", "reviews list")?;
    let unknown =
        || Stop::NotFound(format!("there is no review {id}: `gendan reviews list` shows those that wait"));
    let row = house.store.reviews(None).await?.into_iter().find(|row| row.id == id).ok_or_else(unknown)?;
    let order = super::orders::load(house, row.order_id).await?;
    let review = order.reviews.iter().find(|review| review.id == id).cloned().ok_or_else(unknown)?;
    Ok((review, order))
}

async fn draft(house: &House, order: &Order) -> Result<Option<DraftOrder>, Stop> {
    let key = Key::new(Kind::Part, format!("{}/{}", order.from.document_id, order.from.part));
    let found = house.store.load(&[key]).await?.into_iter().flatten().next();
    let record: Option<PartRecord> =
        found.map(|it| it.body.read()).transpose().map_err(anyhow::Error::from)?;
    Ok(record.and_then(|record| record.draft.order))
}

async fn show(house: &House, id: &str, context: &mut Context) -> Result<End, Stop> {
    let sees = context.sees(house)?;
    let (review, order) = find(house, id).await?;
    let draft = draft(house, &order).await?.map(|draft| keyed::to_plain(&draft));
    if context.out.json {
        context.out.json(&super::context::seen(sees, &Shown { review, order, draft })?)?;
        return Ok(End::Done);
    }
    let due = review.due_at.with_timezone(&house.config.firm.zone).format("%Y-%m-%d %H:%M");
    context.out.line(format!("review {id} in the queue {}, due {due}", review.queue.as_str()))?;
    context.out.line(format!("  asked by: {}", review.rules.join(", ")))?;
    if let Some(early) = review.early.as_ref().filter(|_| sees.prices) {
        let (gate, by) = (early.gate.as_str(), &early.by);
        context
            .out
            .line(format!("  {by} asks that it may {gate} before the money is in: {}", early.reason))?;
    }
    let roles: Vec<&str> = review.roles.iter().map(|role| role.as_str()).collect();
    let (join, how) = match review.sign {
        Sign::Any => (", ", ""),
        Sign::All => (" and ", ", each of them"),
    };
    context.out.line(format!("  may decide: {}{how}", roles.join(join)))?;
    if !review.added.is_empty() {
        let added: Vec<&str> = review.added.iter().map(|role| role.as_str()).collect();
        context.out.line(format!("  asked besides: {}", added.join(", ")))?;
    }
    if let Some(to) = &review.assigned {
        context.out.line(format!("  passed to: {to}"))?;
    }
    for decided in &review.signed {
        context.out.line(format!("  agreed: {}", said(decided)))?;
    }
    if let ReviewState::Decided(decided) = &review.state {
        context.out.line(format!("  {}: {}", decided.verdict, said(decided)))?;
    }
    context.out.line(format!("  digest: {}", review.digest))?;
    super::orders::print(house, &order, sees, context)?;
    answers::print(house, &order, sees, context).await?;
    Ok(End::Done)
}

/// Who said it, in which role, and what he wrote.
fn said(decided: &Decided) -> String {
    let place = decided.on_behalf_of.as_ref().map(|owner| format!(" for {owner}")).unwrap_or_default();
    let note = decided.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
    format!("{}{place} ({}){note}", decided.by, decided.role.as_str())
}
