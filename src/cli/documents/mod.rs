//! `gendan documents`: what came in, what became of it, and what a clerk does about it.

mod resend;
mod take;

use super::context::{self, Context};
use super::{End, Stop};
use crate::check::Around;
use crate::order::document::{Document, PartState};
use crate::rights::{Action, Sees};
use crate::runtime::house::House;
use crate::store::{Filter, Key, Kind, PartRecord, Snapshot};
use serde::Serialize;
use uuid::Uuid;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List documents, newest first 列表
    List {
        /// 状态
        #[arg(long, value_parser = ["waiting", "read", "duplicate"])]
        status: Option<String>,
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show one, with its parts and what was read 查看
    Show { id: String },
    /// A filed part is an order after all: take it up; his next mail with such a subject is then read as one 取出为订单
    Take(take::Take),
    /// Pages or files that can't be read: the mail that asks for them again; it is sent with --send 请客户重发
    Resend(resend::Resend),
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    document: Document,
    what_became: Vec<PartRecord>,
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    context.may(&house, Action::View)?;
    match command {
        Command::List { status, limit } => {
            let found =
                house.store.list(Kind::Document, &Filter { status, limit, ..Filter::default() }).await?;
            let documents: Vec<Document> = found.iter().map(parse).collect::<Result<_, _>>()?;
            let statuses = found.iter().map(|it| it.index.status.clone().unwrap_or_default());
            let sees = context.sees(&house)?;
            let rows = documents.iter().zip(statuses).map(|(it, status)| row(it, status, sees)).collect();
            let heads = ["document", "received (UTC)", "from", "name", "subject", "parts", "status"];
            let shown = context::seen(sees, &documents)?;
            context.out.rows(&shown, &heads, rows)?;
        }
        Command::Show { id } => {
            let id = context::id(&id, "document", "documents list")?;
            show(&house, id, context).await?;
        }
        Command::Take(it) => it.run(&house, context).await?,
        Command::Resend(it) => it.run(&house, context).await?,
    }
    Ok(End::Done)
}

fn row(it: &Document, status: String, sees: Sees) -> Vec<String> {
    let who = |text: String| if sees.contacts { text } else { "–".to_owned() };
    vec![
        it.id.to_string(),
        it.received_at.format("%Y-%m-%d %H:%M").to_string(),
        who(it.envelope.from_address.clone().or(it.envelope.caller.clone()).unwrap_or_default()),
        it.name.clone(),
        who(it.envelope.subject.clone().unwrap_or_default()),
        it.parts.map(|parts| parts.to_string()).unwrap_or_default(),
        status,
    ]
}

/// A document with what became of its parts.
async fn load(house: &House, id: Uuid) -> Result<(Document, Vec<PartRecord>), Stop> {
    let unknown =
        || Stop::NotFound(format!("there is no document {id}: `gendan documents list` shows those that are"));
    let found = house.store.load(&[Key::new(Kind::Document, id)]).await?;
    let document = parse(found.into_iter().next().flatten().as_ref().ok_or_else(unknown)?)?;
    let keys: Vec<Key> =
        (0..document.parts.unwrap_or(0)).map(|part| Key::new(Kind::Part, format!("{id}/{part}"))).collect();
    let parts = house.store.load(&keys).await?;
    let parts: Result<Vec<PartRecord>, _> = parts.iter().flatten().map(|it| it.body.read()).collect();
    Ok((document, parts.map_err(anyhow::Error::from)?))
}

/// What stands around the parts of a document.
fn around<'a>(house: &House, document: &'a Document) -> Around<'a> {
    Around {
        envelope: &document.envelope,
        channel: document.channel,
        on: house.today(document.envelope.sent_at.unwrap_or(document.received_at)),
    }
}

async fn show(house: &House, id: Uuid, context: &mut Context) -> Result<(), Stop> {
    let sees = context.sees(house)?;
    let (document, what_became) = load(house, id).await?;
    if context.out.json {
        context.out.json(&context::seen(sees, &Shown { document, what_became })?)?;
        return Ok(());
    }
    let from =
        document.envelope.from_address.clone().or(document.envelope.caller.clone()).unwrap_or_default();
    let from = if sees.contacts { from } else { "–".to_owned() };
    context.out.line(format!("document {id}\n  {} · {} · {} bytes", document.name, from, document.size))?;
    if sees.contacts {
        context.out.line(format!("  {}", document.envelope.subject.clone().unwrap_or_default()))?;
    }
    if let Some(first) = document.duplicate_of {
        context.out.line(format!("  the same bytes as document {first}"))?;
    }
    for record in &what_became {
        let part = &record.part;
        context.out.line(format!(
            "  part {}: {} ({}) → {}",
            part.index,
            part.source,
            part.kind.as_str(),
            became(&part.state)
        ))?;
        for unread in &record.draft.unread {
            context.out.line(format!("    {} {}", unread.code, unread.source))?;
        }
    }
    Ok(())
}

/// What became of a part, in a few words.
pub(super) fn became(state: &PartState) -> String {
    match state {
        PartState::Waiting => "waiting to be checked".to_owned(),
        PartState::Keying { reason } => format!("waits for a person: {reason}"),
        PartState::Order { order_id } => format!("order {order_id}"),
        PartState::Attached { order_id } => format!("belongs to order {order_id}"),
        PartState::Filed { reason } => format!("filed: {reason}"),
    }
}

pub(super) fn parse(snapshot: &Snapshot) -> Result<Document, Stop> {
    snapshot.body.read().map_err(|e| Stop::Failed(e.into()))
}
