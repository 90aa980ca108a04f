//! Adds everything up on one consistent view: documents, parts and messages by where they are, and what contradicts.
//!
//! The queries are those of SQLite's adapter in PostgreSQL's words: each of a list names one kind of contradiction.

use super::Shared;
use super::convert::{count, get};
use super::error::Trouble;
use super::transaction::{Begun, REPORT};
use crate::store::{Balance, Count, StoreError, Unsure};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use sqlx::postgres::PgConnection;

/// At most this many sentences of one kind.
const LISTED: usize = 1_000;

/// Where a message is: 0 waiting, 1 in work, 2 parked, 3 discarded, 4 done.
macro_rules! place {
    () => {
        "case when state = 'delayed' or (state = 'waiting' and coalesce(lease_until <= $1, true)) then 0
            when state in ('waiting', 'sent') then 1 when state = 'parked' then 2 when word = 'discarded' then 3
            else 4 end"
    };
}

/// The messages that ask for a document (`document.received`) or a part (`draft.read`): of each the first that fits.
macro_rules! asked {
    () => {
        concat!(
            "with asked as (
            select body::json ->> 'document_id' as document, body::json ->> 'part' as part, id as message, ",
            place!(),
            " as place
            from outbox where type in ('document.received', 'draft.read')
            union all
            select p.message::json #>> '{body,document_id}', p.message::json #>> '{body,part}', p.message_id,
                case when p.out_at is null then 2 when p.out_word = 'discarded' then 3 else 4 end
            from parked p where p.message::json #>> '{body,type}' in ('document.received', 'draft.read')
                and not exists (select 1 from outbox o where o.id = p.message_id)
        ), best as materialized (
            select distinct on (document, part) document, part, place, message from asked
            order by document, part, place, message
        ), "
        )
    };
}

macro_rules! documents {
    () => {
        "things as (
            select 'document ' || a.id as name, b.message, case
                when a.body::json ->> 'parts' is not null or a.body::json ->> 'duplicate_of' is not null then 4
                when b.place = 4 then 6 else coalesce(b.place, 5) end as place
            from aggregate a left join best b on b.document = a.id and b.part is null
            where a.kind = 'document'
        ) "
    };
}

macro_rules! parts {
    () => {
        "things as (
            select 'part ' || a.id as name, b.message, case
                when a.body::json #>> '{part,state,state}' <> 'waiting' then 4
                when b.place = 4 then 6 else coalesce(b.place, 5) end as place
            from aggregate a left join best b on b.document = a.body::json ->> 'document_id'
                and b.part = a.body::json #>> '{part,index}'
            where a.kind = 'part'
        ) "
    };
}

macro_rules! counted {
    () => {
        "select count(*) as total, count(*) filter (where place = 0) as waiting,
            count(*) filter (where place = 1) as in_work, count(*) filter (where place = 2) as parked,
            count(*) filter (where place in (3, 4)) as done from things"
    };
}

macro_rules! unasked {
    () => {
        "select name || case when place = 5 then ' waits, and no message asks for it'
            else ' waits, though message ' || message || ' is done' end from things where place in (5, 6)"
    };
}

const DOCUMENTS: &str = concat!(asked!(), documents!(), counted!());
const PARTS: &str = concat!(asked!(), parts!(), counted!());

/// Every message that anything knows of counts once: the outbox knows best.
const MESSAGES: &str = concat!(
    "with foreign_ids as (
        select message_id from inbox union select message_id from parked except select id from outbox
    ), things as (
        select ",
    place!(),
    " as place from outbox
        union all
        select case when exists (select 1 from parked p where p.message_id = f.message_id and p.out_at is null)
            then 2 else 4 end
        from foreign_ids f where not exists (select 1 from gone g where g.id = f.message_id)
        union all
        select 4 from gone g where not exists (select 1 from outbox o where o.id = g.id)
    ) ",
    counted!()
);

/// The last attempt of each message that the inbox knows.
macro_rules! last {
    () => {
        "with last as (select distinct on (message_id) * from inbox order by message_id, attempt desc) "
    };
}

const MISSING: [&str; 10] = [
    concat!(asked!(), documents!(), unasked!()),
    concat!(asked!(), parts!(), unasked!()),
    "select 'part ' || d.id || '/' || n.part || ' was read and not recorded'
        from (select id, (body::json ->> 'parts')::int as parts from aggregate where kind = 'document') d
        cross join generate_series(0, d.parts - 1) n (part)
        where not exists (select 1 from aggregate a where a.kind = 'part' and a.id = d.id || '/' || n.part)",
    "select 'order ' || (p.body::json #>> '{part,state,order_id}') || ' of part ' || p.id
            || case when o.id is null then ' does not exist' else ' came from another part' end
        from aggregate p
        left join aggregate o on o.kind = 'order' and o.id = p.body::json #>> '{part,state,order_id}'
        where p.kind = 'part' and p.body::json #>> '{part,state,state}' in ('order', 'attached')
            and (o.id is null or (p.body::json #>> '{part,state,state}' = 'order'
                and (o.body::json #>> '{from,document_id}') || '/' || (o.body::json #>> '{from,part}') <> p.id))",
    "select 'part ' || f.part || ' does not know of its order ' || f.id
        from (select id, (body::json #>> '{from,document_id}') || '/' || (body::json #>> '{from,part}') as part
            from aggregate where kind = 'order') f
        left join aggregate p on p.kind = 'part' and p.id = f.part
        where p.id is null or p.body::json #>> '{part,state,state}' = 'waiting'
            or (p.body::json #>> '{part,state,state}' = 'order'
                and p.body::json #>> '{part,state,order_id}' <> f.id)",
    concat!(
        last!(),
        "select 'message ' || i.message_id || ' failed at attempt ' || i.attempt || ' and is nowhere'
        from last i where i.outcome = 'retry'
            and not exists (select 1 from outbox o where o.id = i.message_id and o.attempt > i.attempt)
            and not exists (select 1 from gone g where g.id = i.message_id)"
    ),
    concat!(
        last!(),
        "select 'message ' || i.message_id || ' was parked and is nowhere'
        from last i where i.outcome = 'parked'
            and not exists (select 1 from parked p where p.message_id = i.message_id)
            and not exists (select 1 from gone g where g.id = i.message_id)"
    ),
    "select 'message ' || o.id || ' was parked and is nowhere' from outbox o where o.state = 'parked'
        and not exists (select 1 from parked p where p.message_id = o.id and p.out_at is null)",
    "select 'message ' || o.id || ' is done, and nobody consumed it' from outbox o, pruning
        where o.state = 'done' and o.word not in ('discarded', 'delivered') and o.done_at >= inbox_before
            and not exists (select 1 from inbox i where i.message_id = o.id and i.attempt = o.attempt)",
    "select 'message ' || t.message || ', by which order ' || t.order_id || ' told, is nowhere'
        from (select order_id, (event::json ->> 'message_id')::uuid as message from event
            where event::json ->> 'event' = 'told') t
        where not exists (select 1 from outbox o where o.id = t.message)
            and not exists (select 1 from gone g where g.id = t.message)
            and not exists (select 1 from parked p where p.message_id = t.message)
            and not exists (select 1 from inbox i where i.message_id = t.message)",
];

const DOUBLE: [&str; 7] = [
    "select 'part ' || part || ' became ' || count(*) || ' orders'
        from (select (body::json #>> '{from,document_id}') || '/' || (body::json #>> '{from,part}') as part
            from aggregate where kind = 'order') o group by part having count(*) > 1",
    "select 'order ' || order_id || ': ' || (event::json ->> 'what') || ' was told twice'
        from event where event::json ->> 'event' = 'told'
        group by order_id, event::json ->> 'what', event::json ->> 'to', event::json ->> 'version'
        having count(*) > 1",
    "select 'mail ' || mail || ' stands in ' || count(*) || ' messages'
        from (select body::json ->> 'message_id' as mail from outbox where type = 'mail.send') m
        group by mail having count(*) > 1",
    "select 'message ' || i.message_id || ' was consumed and stands in the outbox still'
        from outbox o join inbox i on i.message_id = o.id and i.attempt = o.attempt
        where o.state in ('waiting', 'delayed')",
    "select 'message ' || message_id || ' was done at several attempts'
        from inbox where outcome = 'done' and word <> 'unsure' group by message_id having count(*) > 1",
    "select 'message ' || p.message_id || ' is parked and stands in the outbox too'
        from parked p join outbox o on o.id = p.message_id where p.out_at is null and o.state <> 'parked'",
    "select 'message ' || o.id || ' was done and pruned, and stands here again'
        from (select id from outbox union select message_id from parked where out_at is null) o
        join gone g on g.id = o.id",
];

/// Held without an outcome, and nobody will come back to the message: that is unsure too, when it goes outside.
const UNSURE: &str = "select i.message_id, i.destination, i.started from intent i
    left join outbox o on o.id = i.message_id
    where i.state = 'unsure' or (i.state = 'held' and (o.state in ('done', 'parked') or (o.id is null and exists
        (select 1 from parked p where p.message_id = i.message_id and p.out_at is null))))
    order by i.started, i.message_id";

impl Shared {
    pub(super) async fn add_up(&self) -> Result<Balance, StoreError> {
        let now = self.whole_now();
        let mut view = Begun::begin(&self.pool, REPORT).await?;
        let done = add_up(view.connection()?, now).await;
        Ok(view.end(done).await?)
    }
}

async fn add_up(view: &mut PgConnection, now: DateTime<Utc>) -> Result<Balance, Trouble> {
    let mut balance = Balance {
        documents: counted(view, DOCUMENTS, now).await?,
        parts: counted(view, PARTS, now).await?,
        messages: counted(view, MESSAGES, now).await?,
        ..Balance::default()
    };
    for sql in MISSING {
        balance.missing.extend(sentences(view, sql, now).await?);
    }
    for sql in DOUBLE {
        balance.double.extend(sentences(view, sql, now).await?);
    }
    for row in sqlx::query(UNSURE).fetch_all(view).await? {
        balance.unsure.push(Unsure {
            message_id: get(&row, "message_id")?,
            destination: get(&row, "destination")?,
            at: get(&row, "started")?,
        });
    }
    Ok(balance)
}

async fn counted(view: &mut PgConnection, sql: &'static str, now: DateTime<Utc>) -> Result<Count, Trouble> {
    let row = sqlx::query(sql).bind(now).persistent(false).fetch_one(view).await?;
    let of = |name| -> Result<u64, StoreError> { count(get(&row, name)?) };
    Ok(Count {
        total: of("total")?,
        waiting: of("waiting")?,
        in_work: of("in_work")?,
        parked: of("parked")?,
        done: of("done")?,
    })
}

async fn sentences(
    view: &mut PgConnection,
    sql: &'static str,
    now: DateTime<Utc>,
) -> Result<Vec<String>, Trouble> {
    let mut rows = sqlx::query_scalar::<_, String>(sql).bind(now).persistent(false).fetch(view);
    let (mut found, mut more) = (Vec::new(), 0_u64);
    while let Some(sentence) = rows.try_next().await? {
        if found.len() < LISTED {
            found.push(sentence);
        } else {
            more += 1;
        }
    }
    if more > 0 {
        found.push(format!("and {more} more of this kind"));
    }
    Ok(found)
}
