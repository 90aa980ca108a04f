//! Adds everything up on one consistent view: documents, parts and messages by where they are, and what contradicts.
//!
//! Each list of queries names one kind of contradiction a line; a query answers with sentences. They look at the records,
//! the messages, the inbox, the parking and the events, each of which was written by itself.

use super::Sqlite;
use super::convert::{count, get, time, uuid};
use super::error::read_error;
use crate::store::{Balance, Count, StoreError, Unsure};
use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteConnection;

/// At most this many sentences of one kind.
const LISTED: usize = 1_000;

/// Where each message is that asks for a document (`document.received`) or a part (`draft.read`): the first that fits of
/// 0 waiting, 1 in work, 2 parked, 3 discarded, 4 done.
macro_rules! asked {
    () => {
        "with asked as materialized (
            select json_extract(body, '$.document_id') as document, json_extract(body, '$.part') as part, id as message,
                case when state in ('waiting', 'delayed') or (state = 'claimed' and lease_until <= ?1) then 0
                    when state in ('claimed', 'sent') then 1 when state = 'parked' then 2
                    when word = 'discarded' then 3 else 4 end as place
            from outbox where type in ('document.received', 'draft.read')
            union all
            select json_extract(p.message, '$.body.document_id'), json_extract(p.message, '$.body.part'), p.message_id,
                case when p.out_at is null then 2 when p.out_word = 'discarded' then 3 else 4 end
            from parked p where json_extract(p.message, '$.body.type') in ('document.received', 'draft.read')
                and not exists (select 1 from outbox o where o.id = p.message_id)
        ), best as materialized (
            select document, part, min(place) as place, message from asked group by document, part
        ) "
    };
}

macro_rules! documents {
    () => {
        "documents as (
            select 'document ' || a.id as name, b.message, case
                when json_extract(a.body, '$.parts') is not null
                    or json_extract(a.body, '$.duplicate_of') is not null then 4
                when b.place = 4 then 6 else coalesce(b.place, 5) end as place
            from aggregate a left join best b on b.document = a.id and b.part is null
            where a.kind = 'document'
        ) "
    };
}

macro_rules! parts {
    () => {
        "documents as (
            select 'part ' || a.id as name, b.message, case
                when json_extract(a.body, '$.part.state.state') <> 'waiting' then 4
                when b.place = 4 then 6 else coalesce(b.place, 5) end as place
            from aggregate a left join best b on b.document = json_extract(a.body, '$.document_id')
                and b.part = json_extract(a.body, '$.part.index')
            where a.kind = 'part'
        ) "
    };
}

macro_rules! counted {
    () => {
        "select count(*) as total, sum(place = 0) as waiting, sum(place = 1) as in_work, sum(place = 2) as parked,
            sum(place in (3, 4)) as done from documents"
    };
}

macro_rules! unasked {
    () => {
        "select name || iif(place = 5, ' waits, and no message asks for it',
            ' waits, though message ' || message || ' is done') from documents where place in (5, 6)"
    };
}

const DOCUMENTS: &str = concat!(asked!(), ", ", documents!(), counted!());
const PARTS: &str = concat!(asked!(), ", ", parts!(), counted!());

/// Every message that anything knows of counts once: the outbox knows best.
const MESSAGES: &str = "with foreign_ids as (
        select message_id from inbox union select message_id from parked
        except select id from outbox
    ), places as (
        select case when state in ('waiting', 'delayed') or (state = 'claimed' and lease_until <= ?1) then 0
            when state in ('claimed', 'sent') then 1 when state = 'parked' then 2 else 4 end as place, count(*) as n
        from outbox group by 1
        union all
        select iif(exists (select 1 from parked p where p.message_id = f.message_id and p.out_at is null), 2, 4), 1
        from foreign_ids f
        where not exists (select 1 from gone g where g.id = unhex(replace(f.message_id, '-', '')))
        union all
        select 4, (select count(*) from gone)
            - (select count(*) from outbox o join gone g on g.id = unhex(replace(o.id, '-', '')))
    )
    select coalesce(sum(n), 0) as total, coalesce(sum(iif(place = 0, n, 0)), 0) as waiting,
        coalesce(sum(iif(place = 1, n, 0)), 0) as in_work, coalesce(sum(iif(place = 2, n, 0)), 0) as parked,
        coalesce(sum(iif(place = 4, n, 0)), 0) as done
    from places";

const MISSING: [&str; 10] = [
    concat!(asked!(), ", ", documents!(), unasked!()),
    concat!(asked!(), ", ", parts!(), unasked!()),
    "with recursive read_documents as (
            select id, json_extract(body, '$.parts') as parts from aggregate
            where kind = 'document' and json_extract(body, '$.parts') > 0
        ), places (part) as (
            select 0 union all select part + 1 from places where part + 1 < (select max(parts) from read_documents)
        )
        select 'part ' || d.id || '/' || n.part || ' was read and not recorded'
        from read_documents d join places n on n.part < d.parts
        where not exists (select 1 from aggregate a where a.kind = 'part' and a.id = d.id || '/' || n.part)",
    "select 'order ' || json_extract(p.body, '$.part.state.order_id') || ' of part ' || p.id
            || iif(o.id is null, ' does not exist', ' came from another part')
        from aggregate p
        left join aggregate o on o.kind = 'order' and o.id = json_extract(p.body, '$.part.state.order_id')
        where p.kind = 'part' and json_extract(p.body, '$.part.state.state') in ('order', 'attached')
            and (o.id is null or (json_extract(p.body, '$.part.state.state') = 'order'
                and json_extract(o.body, '$.from.document_id') || '/' || json_extract(o.body, '$.from.part') <> p.id))",
    "select 'part ' || f.part || ' does not know of its order ' || f.id
        from (select id, json_extract(body, '$.from.document_id') || '/' || json_extract(body, '$.from.part') as part
            from aggregate where kind = 'order') f
        left join aggregate p on p.kind = 'part' and p.id = f.part
        where p.id is null or json_extract(p.body, '$.part.state.state') = 'waiting'
            or (json_extract(p.body, '$.part.state.state') = 'order'
                and json_extract(p.body, '$.part.state.order_id') <> f.id)",
    "select 'message ' || i.message_id || ' failed at attempt ' || max(i.attempt) || ' and is nowhere'
        from inbox i group by i.message_id having i.outcome = 'retry'
            and not exists (select 1 from outbox o where o.id = i.message_id and o.attempt > i.attempt)
            and not exists (select 1 from gone g where g.id = unhex(replace(i.message_id, '-', '')))",
    "select 'message ' || i.message_id || ' was parked and is nowhere'
        from inbox i group by i.message_id having max(i.attempt) and i.outcome = 'parked'
            and not exists (select 1 from parked p where p.message_id = i.message_id)
            and not exists (select 1 from gone g where g.id = unhex(replace(i.message_id, '-', '')))",
    "select 'message ' || o.id || ' was parked and is nowhere' from outbox o where o.state = 'parked'
        and not exists (select 1 from parked p where p.message_id = o.id and p.out_at is null)",
    "select 'message ' || o.id || ' is done, and nobody consumed it' from outbox o, pruning
        where o.state = 'done' and o.word not in ('discarded', 'delivered') and o.done_at >= inbox_before
            and not exists (select 1 from inbox i where i.message_id = o.id and i.attempt = o.attempt)",
    "select 'message ' || t.message || ', by which order ' || t.order_id || ' told, is nowhere'
        from (select order_id, json_extract(event, '$.message_id') as message from event
            where json_extract(event, '$.event') = 'told') t
        where not exists (select 1 from outbox o where o.id = t.message)
            and not exists (select 1 from gone g where g.id = unhex(replace(t.message, '-', '')))
            and not exists (select 1 from parked p where p.message_id = t.message)
            and not exists (select 1 from inbox i where i.message_id = t.message)",
];

const DOUBLE: [&str; 7] = [
    "select 'part ' || part || ' became ' || count(*) || ' orders'
        from (select json_extract(body, '$.from.document_id') || '/' || json_extract(body, '$.from.part') as part
            from aggregate where kind = 'order') group by part having count(*) > 1",
    "select 'order ' || order_id || ': ' || json_extract(event, '$.what') || ' was told twice'
        from event where json_extract(event, '$.event') = 'told'
        group by order_id, json_extract(event, '$.what'), json_extract(event, '$.to'), json_extract(event, '$.version')
        having count(*) > 1",
    "select 'mail ' || json_extract(body, '$.message_id') || ' stands in ' || count(*) || ' messages'
        from outbox where type = 'mail.send' group by json_extract(body, '$.message_id') having count(*) > 1",
    "select 'message ' || i.message_id || ' was consumed and stands in the outbox still'
        from outbox o join inbox i on i.message_id = o.id and i.attempt = o.attempt
        where o.state in ('waiting', 'delayed', 'claimed')",
    "select 'message ' || message_id || ' was done at several attempts'
        from inbox where outcome = 'done' and word <> 'unsure' group by message_id having count(*) > 1",
    "select 'message ' || p.message_id || ' is parked and stands in the outbox too'
        from parked p join outbox o on o.id = p.message_id where p.out_at is null and o.state <> 'parked'",
    "select 'message ' || o.id || ' was done and pruned, and stands here again'
        from (select id from outbox union select message_id from parked where out_at is null) o
        join gone g on g.id = unhex(replace(o.id, '-', ''))",
];

/// Held without an outcome, and nobody will come back to the message: that is unsure too, when it goes outside.
const UNSURE: &str = "select i.message_id, i.destination, i.started from intent i
    left join outbox o on o.id = i.message_id
    where i.state = 'unsure' or (i.state = 'held' and (o.state in ('done', 'parked') or (o.id is null and exists
        (select 1 from parked p where p.message_id = i.message_id and p.out_at is null))))
    order by i.started, i.message_id";

impl Sqlite {
    pub(super) async fn add_up(&self) -> Result<Balance, StoreError> {
        let now = self.now_micros();
        let mut view = self.readers.begin().await.map_err(read_error)?;
        let mut balance = Balance {
            documents: counted(&mut view, DOCUMENTS, now).await?,
            parts: counted(&mut view, PARTS, now).await?,
            messages: counted(&mut view, MESSAGES, now).await?,
            ..Balance::default()
        };
        for sql in MISSING {
            balance.missing.extend(sentences(&mut view, sql, now).await?);
        }
        for sql in DOUBLE {
            balance.double.extend(sentences(&mut view, sql, now).await?);
        }
        for row in sqlx::query(UNSURE).fetch_all(&mut *view).await.map_err(read_error)? {
            balance.unsure.push(Unsure {
                message_id: uuid(get(&row, "message_id")?)?,
                destination: get(&row, "destination")?,
                at: time(get(&row, "started")?)?,
            });
        }
        view.rollback().await.map_err(read_error)?;
        Ok(balance)
    }
}

async fn counted(view: &mut SqliteConnection, sql: &'static str, now: i64) -> Result<Count, StoreError> {
    let row = sqlx::query(sql).bind(now).fetch_one(view).await.map_err(read_error)?;
    let of = |name| get::<Option<i64>>(&row, name).and_then(|sum| count(sum.unwrap_or(0)));
    Ok(Count {
        total: of("total")?,
        waiting: of("waiting")?,
        in_work: of("in_work")?,
        parked: of("parked")?,
        done: of("done")?,
    })
}

async fn sentences(
    view: &mut SqliteConnection,
    sql: &'static str,
    now: i64,
) -> Result<Vec<String>, StoreError> {
    let mut rows = sqlx::query_scalar::<_, String>(sql).bind(now).fetch(view);
    let (mut found, mut more) = (Vec::new(), 0_u64);
    while let Some(sentence) = rows.try_next().await.map_err(read_error)? {
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
