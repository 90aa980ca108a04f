//! `gendan reviews decide`: a person's word, with all that goes with it.

use crate::cli::context::Context;
use crate::cli::hand_over::hand_over;
use crate::cli::orders::became_of;
use crate::cli::{End, Stop};
use crate::order::Order;
use crate::order::document::Kind as PartKind;
use crate::order::done::WorkDone;
use crate::order::draft::DraftOrder;
use crate::order::guarantee::Guarantee;
use crate::order::ids::Ids;
use crate::order::keyed;
use crate::order::message::{Body, Message, ReviewDecide, Step};
use crate::order::review::{Condition, Decision, Queue, Review, Role, Verdict};
use crate::review;
use crate::rights::User;
use crate::runtime::house::House;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Decide {
    id: String,
    #[arg(value_enum)]
    verdict: Word,
    /// The digest that `show` printed (or its first 8 characters): you decide on what you saw 所见内容的摘要
    #[arg(long)]
    digest: String,
    /// You act for this colleague, who delegated his right to you 代理
    #[arg(long = "for", value_name = "USER")]
    on_behalf_of: Option<String>,
    /// For approve: a field that you set by agreeing, as in lines.0.unit_price=0.48; may be given several times 附条件
    #[arg(long, value_name = "FIELD=VALUE")]
    condition: Vec<String>,
    /// For approve: working days that your department needs from the release on 所需工作日
    #[arg(long, value_name = "DAYS")]
    needs: Option<u32>,
    /// For approve of a change: what was already done: sewn=PIECES, slider=PIECES@PRICE of one removed, dyed=KG of one vat,
    /// bought=PRICE@KG of scrap; may be given several times 已完成的工作
    #[arg(long, value_name = "WORK")]
    done: Vec<WorkDone>,
    /// For approve of a change, by sales: what the customer is asked to pay for it 更改费用
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    fee: Option<Decimal>,
    /// For approve in the queue credit: you guarantee that the order is paid by this day, with --note 担保付款期限
    #[arg(long, value_name = "DATE")]
    guarantee_until: Option<NaiveDate>,
    /// What you guarantee of it, in the order's currency; all when there is none 担保金额
    #[arg(long, value_name = "AMOUNT", requires = "guarantee_until")]
    guarantee_amount: Option<Decimal>,
    /// For return: the queue that has to answer; the clerk's when there is none. For transfer: the colleague 退回至 / 转交给
    #[arg(long)]
    to: Option<String>,
    /// For add-reviewer: the role that has to agree as well 增加的角色
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Role::ALL.map(Role::as_str)))]
    role: Option<String>,
    /// A note; the reason of a reject, file, return or appeal 备注或原因
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
    /// Back to the clerk, or to the queue --to, with what to change 退回
    Return,
    /// The order will not be taken 拒绝
    Reject,
    /// It is no order: file it 归档
    File,
    /// Keyed or corrected: check it anew 更正
    Correct,
    /// Pass it to a colleague, who alone decides it then 转交
    Transfer,
    /// Somebody of another role has to agree as well 增加评审人
    AddReviewer,
    /// Take a queue's rejection to the level above, once 申诉
    Appeal,
    /// Ask the customer for all that is missing, or for his word to what is offered, by mail or fax 询问客户
    Ask,
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

impl Decide {
    pub(super) async fn run(self, house: &House, context: &mut Context) -> Result<End, Stop> {
        let (review, order) = super::find(house, &self.id).await?;
        let by = context.user()?.to_owned();
        let decision = self.decision(house, &review, &order, by).await?;
        let now = house.store.now().await?;
        review::decide(&order, &decision, &house.books.rules, now)
            .map_err(|refusal| Stop::Refused(refusal.to_string()))?;
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
        became_of(house, order.id, &became, context).await
    }

    async fn decision(
        &self,
        house: &House,
        review: &Review,
        order: &Order,
        by: String,
    ) -> Result<Decision, Stop> {
        let staff = house.books.staff(&[]);
        let owner = staff.user(self.on_behalf_of.as_ref().unwrap_or(&by))?;
        let role = self.role_of(house, owner, review).ok_or_else(|| {
            Stop::Refused(format!("`{}` has no roles: add them to the [[users]] entry", owner.id))
        })?;
        let seen = self.digest.to_ascii_lowercase();
        let digest =
            if seen.len() >= 8 && review.digest.starts_with(&seen) { review.digest.clone() } else { seen };
        let note = Some(self.note.trim().to_owned()).filter(|note| !note.is_empty());
        let verdict = self.verdict(house, order, note.clone()).await?;
        let on_behalf_of = self.on_behalf_of.clone();
        Ok(Decision { review_id: review.id, verdict, by, role, note, digest, on_behalf_of })
    }

    /// The role in which he decides: one that is asked for and has not agreed yet, else any that he has.
    fn role_of(&self, house: &House, owner: &User, review: &Review) -> Option<Role> {
        let appeal = house.books.rules.appeal.as_ref().filter(|_| self.verdict == Word::Appeal);
        let wanted: Vec<Role> = match appeal {
            Some(appeal) => appeal.roles.clone(),
            None => review.deciders().collect(),
        };
        let open = |role: &&Role| !review.signed.iter().any(|it| it.role == **role);
        let asked = || owner.roles.iter().filter(|role| wanted.contains(role));
        asked().find(open).or_else(|| asked().next()).or(owner.roles.first()).copied()
    }

    async fn verdict(&self, house: &House, order: &Order, note: Option<String>) -> Result<Verdict, Stop> {
        let reason = || {
            note.clone()
                .ok_or_else(|| Stop::Refused("say why, with --note: it is kept with the order".to_owned()))
        };
        self.only_what_goes_with_it()?;
        Ok(match self.verdict {
            Word::Approve => Verdict::Approve {
                conditions: self.conditions()?,
                needs_days: self.needs,
                done: self.done.clone(),
                fee: self.fee,
                guarantee: self.guarantee(),
            },
            Word::Return => Verdict::Return { what: reason()?, to: self.queue()? },
            Word::Transfer => Verdict::Transfer { to: self.colleague()? },
            Word::AddReviewer => Verdict::AddReviewer { reviewer: self.reviewer()? },
            Word::Appeal => Verdict::Appeal { reason: reason()? },
            Word::Reject => Verdict::Reject { reason: reason()? },
            Word::File => Verdict::File { reason: reason()?, kind: self.kind.map(PartKind::from) },
            Word::Ask => Verdict::Ask,
            Word::Correct => Verdict::Correct { draft: Box::new(self.keyed(house, order).await?) },
        })
    }

    /// An option that the verdict has no use for is a slip.
    fn only_what_goes_with_it(&self) -> Result<(), Stop> {
        let has = |given: bool, option, verdicts: &[Word], what| {
            if !given || verdicts.contains(&self.verdict) {
                return Ok(());
            }
            Err(Stop::Refused(format!("{option} goes with {what}")))
        };
        let (approve, to) = ([Word::Approve], [Word::Return, Word::Transfer]);
        has(self.kind.is_some(), "--kind", &[Word::File], "`file`: it says what the part is")?;
        has(!self.condition.is_empty(), "--condition", &approve, "`approve`: it sets a field")?;
        has(!self.done.is_empty(), "--done", &approve, "`approve`: it says what was done")?;
        has(self.fee.is_some(), "--fee", &approve, "`approve`: it says what he pays")?;
        has(self.needs.is_some(), "--needs", &approve, "`approve`: it says how long you need")?;
        let until = self.guarantee_until.is_some();
        has(until, "--guarantee-until", &approve, "`approve`: it says by when the order is paid")?;
        has(self.to.is_some(), "--to", &to, "`return` and `transfer`: it says to whom")?;
        has(self.role.is_some(), "--role", &[Word::AddReviewer], "`add-reviewer`: it says who else")
    }

    fn guarantee(&self) -> Option<Guarantee> {
        let until = self.guarantee_until?;
        Some(Guarantee { until, amount: self.guarantee_amount })
    }

    fn conditions(&self) -> Result<Vec<Condition>, Stop> {
        let condition = |assignment: &String| {
            let (path, value) = assigned(assignment)?;
            Ok(Condition { path: path.to_owned(), value: value.to_owned() })
        };
        self.condition.iter().map(condition).collect()
    }

    fn queue(&self) -> Result<Option<Queue>, Stop> {
        let Some(name) = &self.to else { return Ok(None) };
        let queue = Queue::ALL.into_iter().find(|queue| queue.as_str() == name);
        queue.map(Some).ok_or_else(|| {
            let all = Queue::ALL.map(Queue::as_str).join(", ");
            Stop::Refused(format!("`{name}` is not a queue: use {all}"))
        })
    }

    fn colleague(&self) -> Result<String, Stop> {
        self.to.clone().ok_or_else(|| Stop::Refused("say to whom, with --to USER".to_owned()))
    }

    fn reviewer(&self) -> Result<Role, Stop> {
        let role = Role::ALL.into_iter().find(|role| Some(role.as_str()) == self.role.as_deref());
        role.ok_or_else(|| Stop::Refused("say which role, with --role".to_owned()))
    }

    async fn keyed(&self, house: &House, order: &Order) -> Result<DraftOrder, Stop> {
        let mut plain = match &self.draft {
            Some(file) => read_plain(file)?,
            None if self.set.is_empty() => {
                return Err(Stop::Refused(
                    "say what is right, with --draft FILE or --set FIELD=VALUE".to_owned(),
                ));
            }
            None => keyed::to_plain(&super::draft(house, order).await?.unwrap_or_default()),
        };
        for assignment in &self.set {
            let (path, value) = assigned(assignment)?;
            keyed::set(&mut plain, path, value).map_err(|e| Stop::Refused(e.to_string()))?;
        }
        keyed::from_plain(&plain).map_err(|e| Stop::Refused(e.to_string()))
    }
}

fn amount(text: &str) -> Result<Decimal, String> {
    let amount = text.trim().parse().ok().filter(|amount| *amount >= Decimal::ZERO);
    amount.ok_or_else(|| "give an amount such as 54.00, or 0 to charge nothing".to_owned())
}

fn assigned(assignment: &str) -> Result<(&str, &str), Stop> {
    assignment.split_once('=').ok_or_else(|| {
        Stop::Refused(format!("`{assignment}` must be FIELD=VALUE, as in lines.0.quantity=6000"))
    })
}

pub(in crate::cli) fn read_plain(file: &PathBuf) -> Result<serde_json::Value, Stop> {
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
