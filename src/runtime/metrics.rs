//! What is counted while the process works: one function for each fact, so that a call site stays one line.
//!
//! Nothing is kept until somebody installs a recorder (`web::scrape` does, for `/metrics`). Labels have few values: no ids, no
//! names of customers. The names are part of the interface:
//!
//! | name | kind | labels | what |
//! |---|---|---|---|
//! | `gendan_messages_taken_total` | counter | `step` | messages that a step took from the broker |
//! | `gendan_messages_finished_total` | counter | `step`, `outcome`: `done` `retried` `parked` `known` `given_back` | what became of them |
//! | `gendan_messages_in_hand` | gauge | | taken and not yet settled |
//! | `gendan_step_seconds` | histogram | `step` | from the message to its commit, reading and deciding included |
//! | `gendan_commit_seconds` | histogram | | one transaction |
//! | `gendan_commit_size` | histogram | | commits in one transaction |
//! | `gendan_commit_failures_total` | counter | | transactions that the store did not take, or did not answer |
//! | `gendan_relay_total` | counter | `outcome`: `confirmed` `returned` `unknown` | messages published by the relay |
//! | `gendan_timers_fired_total` | counter | | timers that came due |
//! | `gendan_documents_total` | counter | `channel`, `outcome`: `new` `repeats` `known` | documents that came in |
//! | `gendan_deliveries_total` | counter | `outlet`, `outcome`: `delivered` `unsure` `parked` `later` | effects outside |
//! | `gendan_reconnects_total` | counter | `server` | connections that had to be made again |
//! | `gendan_http_requests_total` | counter | `route`, `status` | answers given over HTTP |
//! | `gendan_http_seconds` | histogram | `route` | from the head of a request to its answer |
//! | `gendan_idle` | gauge | | 1 when nothing is due and nothing in hand, looked at every 15 s |
//! | `gendan_build_info` | gauge | `version` | always 1 |
//! | `process_resident_memory_bytes`, `process_cpu_seconds_total` | gauge, counter | | of this process |

use crate::broker::Published;
use crate::order::document::Channel;
use crate::order::message::Step;
use crate::store::{Commit, Disposition};
use metrics::{counter, gauge, histogram};
use std::time::{Duration, Instant};

pub fn taken(step: Step, messages: usize) {
    counter!("gendan_messages_taken_total", "step" => step.as_str()).increment(messages as u64);
    gauge!("gendan_messages_in_hand").increment(messages as f64);
}

/// One message is in hand no more.
pub fn settled() {
    gauge!("gendan_messages_in_hand").decrement(1.0);
}

/// `outcome`: what [`outcome`] says, `known` or `given_back`.
pub fn finished(step: Step, outcome: &'static str) {
    counter!("gendan_messages_finished_total", "step" => step.as_str(), "outcome" => outcome).increment(1);
}

/// What becomes of the message that this commit consumes.
#[must_use]
pub fn outcome(commit: &Commit) -> &'static str {
    match commit.consumes.as_ref().map(|consumed| &consumed.disposition) {
        Some(Disposition::Retry { .. }) => "retried",
        Some(Disposition::Park { .. }) => "parked",
        Some(Disposition::Done { .. }) | None => "done",
    }
}

pub fn computed(step: Step, since: Instant) {
    histogram!("gendan_step_seconds", "step" => step.as_str()).record(since.elapsed());
}

pub fn committed(commits: usize, since: Instant) {
    histogram!("gendan_commit_seconds").record(since.elapsed());
    histogram!("gendan_commit_size").record(commits as f64);
}

pub fn commit_failed() {
    counter!("gendan_commit_failures_total").increment(1);
}

pub fn relayed(answer: &Published) {
    let outcome = match answer {
        Published::Confirmed => "confirmed",
        Published::Delivered => "delivered",
        Published::Returned { .. } => "returned",
        Published::Unknown => "unknown",
    };
    counter!("gendan_relay_total", "outcome" => outcome).increment(1);
}

pub fn fired(timers: u64) {
    counter!("gendan_timers_fired_total").increment(timers);
}

/// `outcome`: `new`, `repeats` or `known`.
pub fn accepted(channel: Channel, outcome: &'static str) {
    let channel = match channel {
        Channel::Mail => "mail",
        Channel::Fax => "fax",
        Channel::Data => "data",
        Channel::Form => "form",
    };
    counter!("gendan_documents_total", "channel" => channel, "outcome" => outcome).increment(1);
}

/// `outlet`: `mail` or `messages`; `outcome`: `delivered`, `unsure`, `parked` or `later`.
pub fn delivered(outlet: &'static str, outcome: &'static str) {
    counter!("gendan_deliveries_total", "outlet" => outlet, "outcome" => outcome).increment(1);
}

/// A connection was lost and made again; `server`: `broker`, `store`, `imap`, `smtp`.
pub fn reconnected(server: &'static str) {
    counter!("gendan_reconnects_total", "server" => server).increment(1);
}

/// `route`: the path as it is routed, never as it came.
pub fn answered(route: &'static str, status: u16, took: Duration) {
    counter!("gendan_http_requests_total", "route" => route, "status" => status.to_string()).increment(1);
    histogram!("gendan_http_seconds", "route" => route).record(took);
}

pub fn idle(idle: bool) {
    gauge!("gendan_idle").set(if idle { 1.0 } else { 0.0 });
}

/// What the process has used so far.
pub fn process(resident_bytes: f64, cpu_seconds: f64) {
    gauge!("process_resident_memory_bytes").set(resident_bytes);
    gauge!("process_cpu_seconds_total").set(cpu_seconds);
    gauge!("gendan_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}
