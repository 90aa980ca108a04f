//! `gendan customers`: applications of new customers, and papers that end soon.

use super::context::{self, Context};
use super::import::{actor, stamp};
use super::{End, Stop};
use crate::config::User;
use crate::master::applications::{Application, Approval, Paper, State, expiring};
use crate::order::ids;
use crate::rights::Action;
use crate::runtime::applications::{self, ApplicationError};
use crate::runtime::house::House;
use crate::runtime::master::tables;
use rust_decimal::Decimal;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Take in an application 申请
    Apply(Box<Applying>),
    /// List applications: those that wait, or all 列表
    List {
        #[arg(long)]
        all: bool,
    },
    /// Approve one: the customer stands in the master data from then on 批准
    Approve {
        application: String,
        /// The customer's code 客户代码
        #[arg(long)]
        code: String,
        /// Instead of the terms that were asked for 付款条件
        #[arg(long)]
        terms: Option<String>,
        /// In the customer's currency 信用额度
        #[arg(long, default_value = "0")]
        credit_limit: Decimal,
        /// A mail domain that is his alone 邮箱域名
        #[arg(long = "domain")]
        domains: Vec<String>,
    },
    /// Refuse one 拒绝
    Refuse {
        application: String,
        #[arg(long)]
        reason: String,
    },
    /// Papers of customers that have ended or end soon; exit code 4 when there are any 证件到期
    Expiring {
        /// Instead of customers.expiring_days 天数
        #[arg(long)]
        days: Option<u32>,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Applying {
    #[arg(long)]
    name: String,
    #[arg(long)]
    name_en: Option<String>,
    /// factory, trading, distributor, overseas 类型
    #[arg(long = "type")]
    kind: String,
    /// Name of the person 联系人
    #[arg(long)]
    contact: String,
    #[arg(long)]
    mail: String,
    #[arg(long)]
    phone: Option<String>,
    #[arg(long)]
    address: Option<String>,
    #[arg(long)]
    region: String,
    #[arg(long, default_value = "CNY")]
    currency: String,
    /// Terms of payment that are asked for 付款条件
    #[arg(long, default_value = "prepaid")]
    terms: String,
    /// A paper: KIND:NUMBER:LAST DAY, as business_licence:91440300MA5EXAMPLE:2027-05-31; as often as there are 证件
    #[arg(long = "certificate", value_parser = paper)]
    certificates: Vec<Paper>,
}

fn paper(text: &str) -> Result<Paper, String> {
    let wrong = || {
        format!("`{text}` is no paper: write KIND:NUMBER:LAST DAY, as in business_licence:9144:2027-05-31")
    };
    let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
    let (number, day) = rest.rsplit_once(':').ok_or_else(wrong)?;
    let expires = day.trim().parse().map_err(|_| wrong())?;
    let [kind, number] = [kind.trim(), number.trim()];
    if kind.is_empty() || number.is_empty() {
        return Err(wrong());
    }
    Ok(Paper { kind: kind.to_owned(), number: number.to_owned(), expires })
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    context.may(&house, Action::SeeContacts)?;
    match command {
        Command::Apply(applying) => apply(&house, *applying, context).await,
        Command::List { all } => list(&house, all, context).await,
        Command::Approve { application, code, terms, credit_limit, domains } => {
            let by = context.user()?.to_owned();
            let approval = Approval { code, terms, credit_limit, mail_domains: domains };
            let id = context::id(&application, "application", "customers list")?;
            let stamp = stamp(&house, actor(&house, Some(&by))?, "customers").await?;
            let done = applications::approve(&house, id, &approval, user(&house, &by)?, &stamp).await;
            said(&done.map_err(stop)?, context)
        }
        Command::Refuse { application, reason } => {
            let by = context.user()?.to_owned();
            let id = context::id(&application, "application", "customers list")?;
            let stamp = stamp(&house, actor(&house, Some(&by))?, "customers").await?;
            let done = applications::refuse(&house, id, &reason, user(&house, &by)?, &stamp).await;
            said(&done.map_err(stop)?, context)
        }
        Command::Expiring { days } => ending(&house, days, context).await,
    }
}

fn user<'a>(house: &'a House, by: &str) -> Result<&'a User, Stop> {
    house.config.user(by).ok_or_else(|| Stop::Refused(format!("`{by}` is no user")))
}

fn stop(error: ApplicationError) -> Stop {
    match error {
        ApplicationError::Unknown(_) => Stop::NotFound(error.to_string()),
        ApplicationError::Refused(why) => Stop::Refused(why),
        ApplicationError::Import(error) => super::import::stop(error),
    }
}

async fn apply(house: &House, applying: Applying, context: &mut Context) -> Result<End, Stop> {
    let by = context.user()?.to_owned();
    let stamp = stamp(house, actor(house, Some(&by))?, "customers").await?;
    let application = Application {
        id: ids::from_name(stamp.at, stamp.cause.as_bytes(), "application"),
        name: applying.name,
        name_en: applying.name_en,
        kind: applying.kind,
        contact: applying.contact,
        mail: applying.mail,
        phone: applying.phone,
        address: applying.address,
        region: applying.region,
        currency: applying.currency,
        terms: applying.terms,
        certificates: applying.certificates,
        by,
        at: stamp.at,
        state: State::Waiting,
    };
    applications::apply(house, &application, &stamp).await.map_err(stop)?;
    said(&application, context)
}

fn said(application: &Application, context: &mut Context) -> Result<End, Stop> {
    if context.out.json {
        context.out.json(application)?;
    } else {
        let state = application.state.as_str();
        context.out.line(format!("application {} of {}: {state}", application.id, application.name))?;
    }
    Ok(End::Done)
}

async fn list(house: &House, all: bool, context: &mut Context) -> Result<End, Stop> {
    let state = if all { None } else { Some("waiting") };
    let found = applications::list(house.store.as_ref(), state).await?;
    let row = |it: &Application| {
        let at = it.at.with_timezone(&house.config.firm.zone).format("%Y-%m-%d").to_string();
        let papers: Vec<String> =
            it.certificates.iter().map(|it| format!("{} to {}", it.kind, it.expires)).collect();
        let state = it.state.as_str().to_owned();
        vec![
            it.id.to_string(),
            it.name.clone(),
            it.terms.clone(),
            papers.join("\n"),
            it.by.clone(),
            at,
            state,
        ]
    };
    let heads = ["application", "name", "terms asked", "papers", "by", "on", "state"];
    context.out.rows(&found, &heads, found.iter().map(row).collect())?;
    Ok(End::Done)
}

async fn ending(house: &House, days: Option<u32>, context: &mut Context) -> Result<End, Stop> {
    let papers = tables(house.store.as_ref(), &["certificates"]).await?.certificates;
    let today = house.today(house.store.now().await?);
    let found = expiring(&papers, today, days.unwrap_or(house.config.customers.expiring_days));
    let master = house.shelf.get().await?;
    let name = |code: &str| master.customer(code).map(|it| it.name.clone()).unwrap_or_default();
    let row = |it: &&crate::master::Certificate| {
        let over = if it.expires < today { "over" } else { "ends soon" };
        let code = it.customer_code.clone();
        vec![name(&code), code, it.kind.clone(), it.number.clone(), it.expires.to_string(), over.to_owned()]
    };
    let heads = ["name", "customer", "paper", "number", "last day", ""];
    context.out.rows(&found, &heads, found.iter().map(row).collect())?;
    Ok(if found.is_empty() { End::Done } else { End::Attention })
}
