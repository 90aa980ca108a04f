//! `gendan orders`: list, show one with its history, report what happened to one.

use super::changes;
use super::context::{self, Context};
use super::hand_over::hand_over;
use super::{End, Stop};
use crate::order::Order;
use crate::order::document::{Kind as PartKind, Language};
use crate::order::event::{Gate, Milestone};
use crate::order::ids::Ids;
use crate::order::message::{Body, GateAsked, Message, ReportReceived, Step};
use crate::order::status::Status;
use crate::release::form::Form;
use crate::rights::{Action, Sees};
use crate::runtime::house::House;
use crate::store::{Filter, Key, Kind, Snapshot, StoredEvent};
use clap::builder::PossibleValuesParser;
use serde::Serialize;
use uuid::Uuid;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List orders, newest first 订单列表
    List {
        /// received, clarifying, in_review, released, shipped … 状态
        #[arg(long, value_parser = PossibleValuesParser::new(Status::WORDS), hide_possible_values = true)]
        status: Option<String>,
        /// Customer code 客户
        #[arg(long)]
        customer: Option<String>,
        /// The customer's own PO number 客户订单号
        #[arg(long)]
        po: Option<String>,
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show one, by number, PO number or id 查看
    Show {
        order: String,
        /// Its events too 包括历史
        #[arg(long)]
        history: bool,
    },
    /// Its review form, as a page to be printed on A4: what is ordered, who was asked why, and every opinion 评审表
    Form {
        order: String,
        /// The firm's when left out 语言
        #[arg(long, value_parser = PossibleValuesParser::new(["zh", "en"]))]
        language: Option<String>,
    },
    /// Ask that goods are made or leave before the money is in; who agrees guarantees 申请款到前先行
    AskGate(AskGate),
    /// Change one: what the customer said by phone or at the counter, or what the house needs 更改订单
    Amend(changes::Amend),
    /// Cancel one, or a line of it; who agrees to that, the rules say 取消
    Cancel(changes::Cancel),
    /// Let one, or a line of it, stand aside until it is resumed 暂停
    Hold(changes::Hold),
    /// Let it go on 恢复
    Resume(changes::Resume),
    /// Say what happened to one downstream 回报节点
    Report(Report),
}

#[derive(Debug, clap::Args)]
pub(super) struct Report {
    order: String,
    /// production_started, production_finished, stock_out, delivered, invoiced, paid 节点
    milestone: String,
    /// Number of the delivery note, invoice or voucher 单号
    #[arg(long)]
    reference: Option<String>,
    /// The system that reports, where no person does 来源系统
    #[arg(long, value_name = "SYSTEM", default_value = "operator")]
    source: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct AskGate {
    order: String,
    /// What is to go on: produce or ship
    #[arg(value_parser = clap::builder::PossibleValuesParser::new([Gate::Produce.as_str(), Gate::Ship.as_str()]))]
    gate: String,
    /// Why, and how the customer paid before; it is kept with the order 原因
    #[arg(long)]
    reason: String,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    order: Order,
    history: Option<Vec<StoredEvent>>,
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    context.may(&house, Action::View)?;
    match command {
        Command::List { status, customer, po, limit } => {
            let filter = Filter { status, customer, po_number: po, limit, ..Filter::default() };
            list(&house, &filter, context).await
        }
        Command::Show { order, history } => show(&house, &order, history, context).await,
        Command::Form { order, language } => form(&house, &order, language.as_deref(), context).await,
        Command::AskGate(ask) => ask.run(&house, context).await,
        Command::Amend(change) => change.run(&house, context).await,
        Command::Cancel(change) => change.run(&house, context).await,
        Command::Hold(change) => change.run(&house, context).await,
        Command::Resume(change) => change.run(&house, context).await,
        Command::Report(report) => report.run(&house, context).await,
    }
}

async fn list(house: &House, filter: &Filter, context: &mut Context) -> Result<End, Stop> {
    let found = house.store.list(Kind::Order, filter).await?;
    let orders: Vec<Order> = found.into_iter().map(parse).collect::<Result<_, _>>()?;
    let sees = context.sees(house)?;
    let row = |order: &Order| {
        let content = &order.content;
        vec![
            order.number.as_ref().map_or_else(|| order.id.to_string(), |number| number.0.clone()),
            content.customer.clone().unwrap_or_default(),
            content.po_number.clone().unwrap_or_default(),
            order.kind.as_str().to_owned(),
            content.lines.len().to_string(),
            if sees.prices { total(order) } else { "–".to_owned() },
            order.status.as_str().to_owned(),
            order.open_reviews().map(|review| review.queue.as_str()).collect::<Vec<_>>().join(", "),
        ]
    };
    let heads = ["order", "customer", "PO", "kind", "lines", "total", "status", "waits for"];
    let shown = context::seen(sees, &orders)?;
    context.out.rows(&shown, &heads, orders.iter().map(row).collect())?;
    Ok(End::Done)
}

async fn show(house: &House, name: &str, history: bool, context: &mut Context) -> Result<End, Stop> {
    let sees = context.sees(house)?;
    let order = find(house, name).await?;
    let history = if history { Some(house.store.events(order.id).await?) } else { None };
    if context.out.json {
        context.out.json(&context::seen(sees, &Shown { order, history })?)?;
        return Ok(End::Done);
    }
    print(house, &order, sees, context)?;
    for event in history.unwrap_or_default() {
        let what = serde_json::to_value(&event.event).unwrap_or_default();
        let at = event.at.with_timezone(&house.config.firm.zone).format("%Y-%m-%d %H:%M:%S");
        context.out.line(format!(
            "  {:>3} {at} {} {}",
            event.sequence,
            what["event"].as_str().unwrap_or(""),
            &event.hash[..12]
        ))?;
    }
    Ok(End::Done)
}

async fn form(house: &House, name: &str, language: Option<&str>, context: &mut Context) -> Result<End, Stop> {
    let (sees, order) = (context.sees(house)?, find(house, name).await?);
    let language = match language {
        Some("zh") => Language::Zh,
        Some(_) => Language::En,
        None => house.config.firm.language,
    };
    let before = match order.refers_to.filter(|_| order.kind == PartKind::Amendment) {
        Some(target) => Some(load(house, target).await?.content),
        None => None,
    };
    let master = house.shelf.get().await?;
    let firm = house.books.house(&master);
    let users = &house.config.users;
    let name = |id: &str| {
        let known = users.iter().find(|user| user.id == id && !user.name.is_empty());
        known.map_or_else(|| id.to_owned(), |user| user.name.clone())
    };
    let row = order.content.customer.as_deref().and_then(|code| master.customer(code));
    let form = Form {
        order: &order,
        before: before.as_ref(),
        customer: row.map(|row| match (language, &row.name_en) {
            (Language::En, Some(name)) => name.as_str(),
            (Language::Zh | Language::Mixed | Language::En, _) => row.name.as_str(),
        }),
        office: &house.books.office(&firm),
        sees,
        name: &name,
        now: house.store.now().await?,
    };
    context.out.line(form.page(language).map_err(anyhow::Error::from)?)?;
    Ok(End::Done)
}

impl AskGate {
    async fn run(self, house: &House, context: &mut Context) -> Result<End, Stop> {
        let by = context.user()?.to_owned();
        let order = find(house, &self.order).await?;
        let gate = if self.gate == Gate::Ship.as_str() { Gate::Ship } else { Gate::Produce };
        let now = house.store.now().await?;
        let body = GateAsked { order_id: order.id, gate, reason: self.reason, by };
        let message = Message {
            id: Ids::new(order.id, now).id(&format!("ask/{}", gate.as_str())),
            attempt: 1,
            correlation_id: order.id,
            step: Step::Review,
            lane: None,
            created_at: now,
            not_before: None,
            body: Body::GateAsked(body),
        };
        let effect = format!("command:{}", message.id);
        let became = hand_over(house, message, effect).await?;
        if let Some(why) = became.strip_prefix("refused: ") {
            return Err(Stop::Refused(why.to_owned()));
        }
        became_of(house, order.id, &became, context).await
    }
}

impl Report {
    async fn run(self, house: &House, context: &mut Context) -> Result<End, Stop> {
        let milestone =
            Milestone::ALL.into_iter().find(|it| it.as_str() == self.milestone).ok_or_else(|| {
                let all: Vec<&str> = Milestone::ALL.iter().map(|it| it.as_str()).collect();
                Stop::Refused(format!("`{}` is not a milestone: use {}", self.milestone, all.join(", ")))
            })?;
        context.may(house, Action::Report)?;
        let by = context.by.clone().unwrap_or(self.source);
        let order = find(house, &self.order).await?;
        let now = house.store.now().await?;
        let body = ReportReceived { order_id: order.id, milestone, at: now, reference: self.reference, by };
        let message = Message {
            id: Ids::new(order.id, now).id(&format!("report/{}", milestone.as_str())),
            attempt: 1,
            correlation_id: order.id,
            step: Step::Follow,
            lane: None,
            created_at: now,
            not_before: None,
            body: Body::ReportReceived(body),
        };
        let effect = format!("command:{}", message.id);
        let became = hand_over(house, message, effect).await?;
        became_of(house, order.id, &became, context).await
    }
}

/// The order of this id, number or PO number.
pub(super) async fn find(house: &House, name: &str) -> Result<Order, Stop> {
    if let Ok(id) = name.parse::<Uuid>() {
        return load(house, id).await;
    }
    let by_number = Filter { number: Some(name.to_owned()), ..Filter::default() };
    let by_po = Filter { po_number: Some(name.to_owned()), ..Filter::default() };
    for filter in [by_number, by_po] {
        let mut found = house.store.list(Kind::Order, &filter).await?;
        match (found.pop(), found.len()) {
            (Some(one), 0) => return parse(one),
            (Some(_), more) => {
                return Err(Stop::Refused(format!(
                    "{} orders are called {name}: name one by its id",
                    more + 1
                )));
            }
            (None, _) => {}
        }
    }
    Err(Stop::NotFound(format!("there is no order {name}: `gendan orders list` shows those that are")))
}

/// Says what became of a report or a decision, and where its order stands now.
pub(super) async fn became_of(
    house: &House,
    id: Uuid,
    became: &str,
    context: &mut Context,
) -> Result<End, Stop> {
    let status = load(house, id).await?.status.as_str();
    if context.out.json {
        context.out.json(&serde_json::json!({"order_id": id, "status": status, "became": became}))?;
    } else {
        context.out.line(format!("{became}; the order is now {status}"))?;
    }
    Ok(End::Done)
}

pub(super) async fn load(house: &House, id: Uuid) -> Result<Order, Stop> {
    let found = house.store.load(&[Key::new(Kind::Order, id)]).await?;
    let unknown =
        || Stop::NotFound(format!("there is no order {id}: `gendan orders list` shows those that are"));
    parse(found.into_iter().flatten().next().ok_or_else(unknown)?)
}

fn parse(snapshot: Snapshot) -> Result<Order, Stop> {
    snapshot.body.read().map_err(|e| Stop::Failed(e.into()))
}

/// The total with its currency, or why there is none yet.
fn total(order: &Order) -> String {
    match order.content.total() {
        Ok(Some(total)) => total.to_string(),
        Ok(None) => "–".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// An order for people.
pub(super) fn print(house: &House, order: &Order, sees: Sees, context: &mut Context) -> Result<(), Stop> {
    let content = &order.content;
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let number = order.number.as_ref().map_or("no number yet", |number| number.0.as_str());
    context.out.line(format!(
        "order {number} ({}) · {} · {}",
        order.id,
        order.kind.as_str(),
        order.status.as_str()
    ))?;
    context.out.line(format!(
        "  customer {} · PO {} · terms {} · wanted {} · promised {}",
        text(&content.customer),
        text(&content.po_number),
        if sees.prices { text(&content.payment_terms) } else { "–".to_owned() },
        content.wanted().map_or_else(|| "–".to_owned(), |day| day.to_string()),
        order.promised.map_or_else(|| "–".to_owned(), |day| day.to_string()),
    ))?;
    let row = |line: &crate::order::line::Line| {
        vec![
            line.position.to_string(),
            line.sku.clone().unwrap_or_else(|| "?".to_owned()),
            line.description.clone(),
            line.quantity.map(|it| it.to_string()).unwrap_or_default(),
            text(&line.unit),
            line.unit_price.filter(|_| sees.prices).map(|it| it.to_string()).unwrap_or_default(),
        ]
    };
    let heads = ["#", "SKU", "description", "quantity", "unit", "price"];
    context.out.rows(&content.lines, &heads, content.lines.iter().map(row).collect())?;
    context.out.line(format!(
        "  total {} · {}",
        if sees.prices { total(order) } else { "–".to_owned() },
        if order.sure { "every figure is proven" } else { "not proven" }
    ))?;
    for problem in order.problems.iter().filter(|it| sees.shows_problem(it)) {
        let words = house.books.wording.problem(house.config.firm.language, problem);
        context.out.line(format!("  problem {} {}: {words}", problem.code.as_str(), problem.path))?;
        for proposal in &problem.proposals {
            let words = house.books.wording.proposal(house.config.firm.language, proposal);
            context.out.line(format!("    proposal {}: {words}", proposal.as_str()))?;
        }
    }
    print_house(house, order, context)?;
    for given in order.guarantees.iter().filter(|_| sees.prices) {
        let broken = if given.broken { ", broken: it was not paid" } else { "" };
        let (by, role, until) = (&given.by, given.role.as_str(), given.guarantee.until);
        context.out.line(format!("  {by} ({role}) guarantees that it is paid by {until}{broken}"))?;
    }
    for review in order.open_reviews() {
        let due = review.due_at.with_timezone(&house.config.firm.zone).format("%m-%d %H:%M");
        context.out.line(format!(
            "  waits for {} until {due} (review {})",
            review.queue.as_str(),
            review.id
        ))?;
    }
    Ok(())
}

/// What the house itself keyed or holds.
fn print_house(house: &House, order: &Order, context: &mut Context) -> Result<(), Stop> {
    if let Some(entered) = &order.entered {
        context.out.line(format!("  keyed by {}: {}", entered.by, entered.why))?;
    }
    for hold in &order.holds {
        let what = hold.line.map_or_else(|| "the order".to_owned(), |line| format!("line {line}"));
        let since = hold.since.with_timezone(&house.config.firm.zone).format("%m-%d %H:%M");
        context.out.line(format!("  {what} is held by {} since {since}: {}", hold.by, hold.why))?;
    }
    Ok(())
}
