-- The records of the house. Bodies are JSON as text, kept to the letter: hashes were made over them.
-- Ids that only we give are uuid; ids of aggregates are text. "C": what is listed by id has one order on every machine.
--
-- Migrations only add (tables, columns with a default, indexes), so that a program of the version before goes on working
-- while machines are brought up to date one by one. What is no longer used goes a version later.

-- What stands now, one row for each thing; the columns after `at` are only there to find it by.
create table aggregate (
    kind text collate "C" not null,
    id text collate "C" not null,
    version bigint not null,
    at timestamptz not null,
    status text collate "C",
    customer text collate "C",
    number text collate "C",
    po_number text collate "C",
    parent text collate "C",
    body text not null,
    primary key (kind, id)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

create index aggregate_status on aggregate (kind, status, id) where status is not null;
create index aggregate_customer on aggregate (kind, customer, id) where customer is not null;
create index aggregate_po_number on aggregate (kind, po_number, id) where po_number is not null;
create index aggregate_parent on aggregate (kind, parent, id) where parent is not null;
create index document_number on aggregate (number, id) where kind = 'document' and number is not null;
-- A number is given once; whatever went wrong before, two orders never bear the same.
create unique index order_number on aggregate (number) where kind = 'order' and number is not null;

-- What happened to each order, each link hashed over the one before.
create table event (
    order_id uuid not null,
    sequence bigint not null,
    at timestamptz not null,
    actor text not null,
    cause uuid not null,
    event text not null,
    hash text not null,
    primary key (order_id, sequence)
);

-- Every message of the house, one row each whatever becomes of it. `position` is its place in its lane and in the
-- queue; a retry keeps it. state: waiting (also while somebody holds it, until lease_until), delayed (until not_before),
-- sent, parked, done. No index knows holder, lease or claims, so that a taking touches the row alone.
create table outbox (
    id uuid not null primary key,
    position bigint not null generated always as identity,
    attempt bigint not null,
    type text not null,
    step text not null,
    lane text collate "C",
    correlation_id uuid not null,
    created_at timestamptz not null,
    not_before timestamptz,
    body text not null,
    state text not null,
    holder text,
    lease_until timestamptz,
    claims bigint not null default 0,
    word text,
    done_at timestamptz
) with (fillfactor = 60, toast_tuple_target = 4080, autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

create index outbox_waiting on outbox (position) where state = 'waiting';
create index outbox_delayed on outbox (not_before) where state = 'delayed';
create index outbox_lane on outbox (lane, position)
    where lane is not null and state in ('waiting', 'delayed', 'sent');
create index outbox_correlation on outbox (correlation_id);
create index outbox_done on outbox (done_at) where state = 'done';

-- Ids of messages that were done and pruned: enough to know that they are not missing, and never to take them again.
create table gone (
    id uuid not null primary key
);

-- Up to when inbox rows were pruned: older messages may be done without one.
create table pruning (
    inbox_before timestamptz not null
);

insert into pruning (inbox_before) values ('epoch');

-- What was consumed. outcome: done, retry, parked.
create table inbox (
    message_id uuid not null,
    step text not null,
    attempt bigint not null,
    body_hash text not null,
    at timestamptz not null,
    outcome text not null,
    word text not null,
    primary key (message_id, step, attempt)
);

create index inbox_at on inbox (at);

-- What was done and must never be done again; never pruned.
create table effect (
    key text collate "C" not null primary key,
    at timestamptz not null,
    cause uuid
);

-- Reviews as the lists show them.
create table review (
    id uuid not null primary key,
    order_id uuid not null,
    state text not null,
    due_at timestamptz not null,
    body text not null
) with (fillfactor = 80);

create index review_state on review (state, due_at);
create index review_due on review (due_at);

-- Promises that come due. state: set, fired, cancelled.
create table timer (
    id uuid not null primary key,
    due timestamptz not null,
    step text not null,
    order_id uuid not null,
    body text not null,
    state text not null
) with (fillfactor = 80);

create index timer_due on timer (due, id) where state = 'set';

-- Messages that wait for a person, whole; `out_at` is set when one was replayed or
-- discarded, or was delivered after it had come back unroutable.
create table parked (
    message_id uuid not null,
    attempt bigint not null,
    correlation_id uuid not null,
    at timestamptz not null,
    why text not null,
    message text not null,
    out_at timestamptz,
    out_word text,
    out_why text,
    primary key (message_id, attempt)
);

create index parked_open on parked (at) where out_at is null;

-- Each failed attempt's error.
create table attempt (
    message_id uuid not null,
    attempt bigint not null,
    at timestamptz not null,
    why text not null,
    primary key (message_id, attempt)
);

-- Effects outside the house, by message. state: held, free (known not to have happened), finished, unsure.
-- `doubt` is set when an earlier holder left without an outcome.
create table intent (
    message_id uuid not null primary key,
    attempt bigint not null,
    destination text not null,
    fence bigint not null,
    holder text not null,
    lease_until timestamptz not null,
    state text not null,
    doubt boolean not null default false,
    started timestamptz not null
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- The daily seals, chained by `number`, and the heads that each of them took in.
create table seal (
    number bigint primary key,
    day date not null unique,
    heads bigint not null,
    hash text not null,
    at timestamptz not null
);

create table seal_head (
    order_id uuid not null,
    sequence bigint not null,
    hash text not null,
    number bigint not null references seal (number),
    primary key (order_id, sequence)
);

create index seal_head_number on seal_head (number, order_id);
