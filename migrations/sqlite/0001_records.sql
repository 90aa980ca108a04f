-- The records of the house. Times are microseconds since 1970 (UTC), ids are UUIDs as text, bodies are JSON.

-- What stands now, one row for each thing; the columns after `at` are only there to find it by.
create table aggregate (
    kind text not null,
    id text not null,
    version integer not null,
    at integer not null,
    status text,
    customer text,
    number text,
    po_number text,
    parent text,
    body text not null,
    primary key (kind, id)
) strict;

create index aggregate_status on aggregate (kind, status, id) where status is not null;
create index aggregate_customer on aggregate (kind, customer, id) where customer is not null;
create index aggregate_po_number on aggregate (kind, po_number, id) where po_number is not null;
create index aggregate_parent on aggregate (kind, parent, id) where parent is not null;
create index document_number on aggregate (number, id) where kind = 'document' and number is not null;
-- A number is given once; whatever went wrong before, two orders never bear the same.
create unique index order_number on aggregate (number) where kind = 'order' and number is not null;

-- What happened to each order, each link hashed over the one before.
create table event (
    order_id text not null,
    sequence integer not null,
    at integer not null,
    actor text not null,
    cause text not null,
    event text not null,
    hash text not null,
    primary key (order_id, sequence)
) strict;

-- Every message of the house, one row each whatever becomes of it. `position` is its place in its lane and in the
-- queue; a retry keeps it. state: waiting, delayed (until not_before), claimed (until lease_until), sent, parked, done.
create table outbox (
    position integer primary key,
    id text not null unique,
    attempt integer not null,
    type text not null,
    step text not null,
    lane text,
    correlation_id text not null,
    created_at integer not null,
    not_before integer,
    body text not null,
    state text not null,
    holder text,
    lease_until integer,
    claims integer not null default 0,
    word text,
    done_at integer
) strict;

create index outbox_waiting on outbox (step, position) where state = 'waiting';
create index outbox_delayed on outbox (not_before) where state = 'delayed';
create index outbox_claimed on outbox (lease_until) where state = 'claimed';
create index outbox_lane on outbox (lane, position)
    where lane is not null and state in ('waiting', 'delayed', 'claimed');
create index outbox_correlation on outbox (correlation_id);
create index outbox_done on outbox (done_at) where state = 'done';

-- Ids of messages that were done and pruned: enough to know that they are not missing, and never to take them again.
create table gone (
    id blob not null primary key
) strict, without rowid;

-- Up to when inbox rows were pruned: older messages may be done without one.
create table pruning (
    inbox_before integer not null
) strict;

insert into pruning (inbox_before) values (0);

-- What was consumed. outcome: done, retry, parked.
create table inbox (
    message_id text not null,
    step text not null,
    attempt integer not null,
    body_hash text not null,
    at integer not null,
    outcome text not null,
    word text not null,
    primary key (message_id, step, attempt)
) strict, without rowid;

create index inbox_at on inbox (at);

-- What was done and must never be done again; never pruned.
create table effect (
    key text not null primary key,
    at integer not null,
    cause text
) strict, without rowid;

-- Reviews as the lists show them.
create table review (
    id text not null primary key,
    order_id text not null,
    state text not null,
    due_at integer not null,
    body text not null
) strict;

create index review_state on review (state, due_at);
create index review_due on review (due_at);

-- Promises that come due. state: set, fired, cancelled.
create table timer (
    id text not null primary key,
    due integer not null,
    step text not null,
    order_id text not null,
    body text not null,
    state text not null
) strict;

create index timer_due on timer (due, id) where state = 'set';

-- Messages that wait for a person, whole; `out_at` is set when one was replayed or
-- discarded, or was delivered after it had come back unroutable.
create table parked (
    message_id text not null,
    attempt integer not null,
    correlation_id text not null,
    at integer not null,
    why text not null,
    message text not null,
    out_at integer,
    out_word text,
    out_why text,
    primary key (message_id, attempt)
) strict;

create index parked_open on parked (at) where out_at is null;

-- Each failed attempt's error.
create table attempt (
    message_id text not null,
    attempt integer not null,
    at integer not null,
    why text not null,
    primary key (message_id, attempt)
) strict, without rowid;

-- Effects outside the house, by message. state: held, free (known not to have happened), finished, unsure.
-- `doubt` is set when an earlier holder left without an outcome.
create table intent (
    message_id text not null primary key,
    attempt integer not null,
    destination text not null,
    fence integer not null,
    holder text not null,
    lease_until integer not null,
    state text not null,
    doubt integer not null default 0,
    started integer not null
) strict;

create index intent_open on intent (state) where state in ('held', 'unsure');

-- The daily seals, chained by `number`, and the heads that each of them took in.
create table seal (
    number integer primary key,
    day text not null unique,
    heads integer not null,
    hash text not null,
    at integer not null
) strict;

create table seal_head (
    order_id text not null,
    sequence integer not null,
    hash text not null,
    number integer not null references seal (number),
    primary key (order_id, sequence)
) strict, without rowid;

create index seal_head_number on seal_head (number, order_id);
