//! `gendan reviews`: what waits for a word, what there is to see, and the decision.

use super::context::{self, Context};
use super::hand_over::hand_over;
use super::{End, Stop};
use crate::order::Order;
use crate::order::document::Kind as PartKind;
use crate::order::draft::DraftOrder;
use crate::order::ids::Ids;
use crate::order::keyed;
use crate::order::message::{Body, Message, ReviewDecide, Step};
use crate::order::review::{Decision, Review, Verdict};
use crate::review;
use crate::runtime::house::House;
use crate::store::{Key, Kind, PartRecord, ReviewRow};
use serde::Serialize;
use std::path::PathBuf;

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
    /// Decide one 审批
    Decide(Decide),
}

#[derive(Debug, clap::Args)]
pub(super) struct Decide {
    id: String,
    #[arg(value_enum)]
    verdict: Word,
    /// The digest that `show` printed (or its first 8 characters): you decide on what you saw 所见内容的摘要
    #[arg(long)]
    digest: String,
    /// Your user id, as in the settings 用户
    #[arg(long = "as")]
    by: String,
    /// A note; the reason of a reject, file or return 备注或原因
    #[arg(long, default_value = "")]
    note: String,
    /// For file: what it is, if you know; his next mail with such a subject is then filed as that 类别
    #[arg(long)]
    kind: Option<Filed>,
    /// For correct: the keyed order, a JSON file in the shape of `gendan read --json` 更正后的订单
    #[arg(long)]
    draft: Option<PathBuf>,
    /// For correct: one field, as in lines.0.quantity=6000; may be given several times 更正一个字段
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Word {
    /// Agree 同意
    Approve,
    /// Back to the clerk, with what to change 退回
    Return,
    /// The order will not be taken 拒绝
    Reject,
    /// It is no order: file it 归档
    File,
    /// Keyed or corrected: check it anew 更正
    Correct,
}

/// What a part that is no order may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Filed {
    /// 对我方询问的答复
    Answer,
    /// 询价
    Inquiry,
    /// 投诉
    Complaint,
    /// 付款通知
    PaymentNotice,
    /// 收货回报
    DeliveryReport,
    /// 非订单
    NotAnOrder,
}

impl From<Filed> for PartKind {
    fn from(filed: Filed) -> Self {
        match filed {
            Filed::Answer => Self::Answer,
            Filed::Inquiry => Self::Inquiry,
            Filed::Complaint => Self::Complaint,
            Filed::PaymentNotice => Self::PaymentNotice,
            Filed::DeliveryReport => Self::DeliveryReport,
            Filed::NotAnOrder => Self::NotAnOrder,
        }
    }
}

#[derive(Serialize)]
struct Shown {
    review: Review,
    order: Order,
    draft: Option<serde_json::Value>,
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
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
    let (review, order) = find(house, id).await?;
    let draft = draft(house, &order).await?.map(|draft| keyed::to_plain(&draft));
    if context.out.json {
        context.out.json(&Shown { review, order, draft })?;
        return Ok(End::Done);
    }
    let due = review.due_at.with_timezone(&house.config.firm.zone).format("%Y-%m-%d %H:%M");
    context.out.line(format!("review {id} in the queue {}, due {due}", review.queue.as_str()))?;
    context.out.line(format!("  asked by: {}", review.rules.join(", ")))?;
    let roles: Vec<&str> = review.roles.iter().map(|role| role.as_str()).collect();
    context.out.line(format!("  may decide: {}", roles.join(", ")))?;
    context.out.line(format!("  digest: {}", review.digest))?;
    super::orders::print(house, &order, context)?;
    Ok(End::Done)
}

impl Decide {
    async fn run(self, house: &House, context: &mut Context) -> Result<End, Stop> {
        let (review, order) = find(house, &self.id).await?;
        let decision = self.decision(house, &review, &order).await?;
        let now = house.store.now().await?;
        review::decide(&order, &decision, now).map_err(|refusal| Stop::Refused(refusal.to_string()))?;
        let ids = Ids::new(review.id, now);
        let message = Message {
            id: ids.id(&format!("decide/{}/{}", decision.by, decision.verdict.as_str())),
            attempt: 1,
            correlation_id: order.id,
            step: Step::Review,
            lane: None,
            created_at: now,
            not_before: None,
            body: Body::ReviewDecide(ReviewDecide { order_id: order.id, decision }),
        };
        let effect = format!("command:{}", message.id);
        let became = hand_over(house, message, effect).await?;
        if let Some(why) = became.strip_prefix("refused: ") {
            return Err(Stop::Refused(why.to_owned()));
        }
        super::orders::became_of(house, order.id, &became, context).await
    }

    async fn decision(&self, house: &House, review: &Review, order: &Order) -> Result<Decision, Stop> {
        let user = house.config.user(&self.by).ok_or_else(|| {
            Stop::Refused(format!(
                "`{}` is not a user of the settings: add them under [[users]], with their roles, or name another with --as",
                self.by
            ))
        })?;
        let role =
            user.roles.iter().find(|role| review.roles.contains(role)).or(user.roles.first()).ok_or_else(
                || Stop::Refused(format!("`{}` has no roles: add them to the [[users]] entry", self.by)),
            )?;
        let seen = self.digest.to_ascii_lowercase();
        let digest =
            if seen.len() >= 8 && review.digest.starts_with(&seen) { review.digest.clone() } else { seen };
        let note = Some(self.note.trim().to_owned()).filter(|note| !note.is_empty());
        let verdict = self.verdict(house, order, note.clone()).await?;
        Ok(Decision { review_id: review.id, verdict, by: user.id.clone(), role: *role, note, digest })
    }

    async fn verdict(&self, house: &House, order: &Order, note: Option<String>) -> Result<Verdict, Stop> {
        let reason = || {
            note.clone()
                .ok_or_else(|| Stop::Refused("say why, with --note: it is kept with the order".to_owned()))
        };
        if self.kind.is_some() && self.verdict != Word::File {
            return Err(Stop::Refused("--kind goes with `file`: it says what the part is".to_owned()));
        }
        Ok(match self.verdict {
            Word::Approve => Verdict::Approve,
            Word::Return => Verdict::Return { what: reason()? },
            Word::Reject => Verdict::Reject { reason: reason()? },
            Word::File => Verdict::File { reason: reason()?, kind: self.kind.map(PartKind::from) },
            Word::Correct => Verdict::Correct { draft: Box::new(self.keyed(house, order).await?) },
        })
    }

    async fn keyed(&self, house: &House, order: &Order) -> Result<DraftOrder, Stop> {
        let mut plain = match &self.draft {
            Some(file) => read_plain(file)?,
            None if self.set.is_empty() => {
                return Err(Stop::Refused(
                    "say what is right, with --draft FILE or --set FIELD=VALUE".to_owned(),
                ));
            }
            None => keyed::to_plain(&draft(house, order).await?.unwrap_or_default()),
        };
        for assignment in &self.set {
            let (path, value) = assignment.split_once('=').ok_or_else(|| {
                Stop::Refused(format!("`{assignment}` must be FIELD=VALUE, as in lines.0.quantity=6000"))
            })?;
            keyed::set(&mut plain, path, value).map_err(|e| Stop::Refused(e.to_string()))?;
        }
        keyed::from_plain(&plain).map_err(|e| Stop::Refused(e.to_string()))
    }
}

fn read_plain(file: &PathBuf) -> Result<serde_json::Value, Stop> {
    let name = file.display();
    let text =
        std::fs::read_to_string(file).map_err(|e| Stop::Refused(format!("{name} can't be read: {e}")))?;
    let mut value: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| Stop::Refused(format!("{name} is not JSON: {e}")))?;
    // A whole draft as `gendan read --json` prints it holds the order under `order`, and beside the fields how sure it was.
    let mut order = match value.get_mut("order") {
        Some(order) => order.take(),
        None => value,
    };
    if let Some(fields) = order.as_object_mut() {
        fields.remove("confidence");
    }
    Ok(order)
}
