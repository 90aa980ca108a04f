//! Claims, leases, intents, timers, parking and pruning of the in-memory store.

use super::Faults;
use super::state::{At, Holding, IntentRow, OutboxRow, State, TimerState};
use chrono::{DateTime, Utc};
use gendan::order::ids::Ids;
use gendan::order::message::{Body, Message};
use gendan::store::{Claim, Claimed, Intended, Parked, Pruned, Relayed};
use std::collections::BTreeSet;
use uuid::Uuid;

impl State {
    pub(super) fn claim(&mut self, claim: &Claim, now: DateTime<Utc>) -> Vec<Claimed> {
        let mut found = self.takeable(claim, now);
        if self.faults.break_lanes {
            found.reverse();
        }
        found.truncate(claim.max as usize);
        let until = now + claim.lease;
        found
            .into_iter()
            .filter_map(|id| {
                let row = self.outbox.get_mut(&id)?;
                row.claims += 1;
                row.at = At::Claimed { holder: claim.holder.clone(), until };
                Some(Claimed { message: row.message.clone(), claims: row.claims })
            })
            .collect()
    }

    /// What may be taken, the oldest first.
    fn takeable(&mut self, claim: &Claim, now: DateTime<Utc>) -> Vec<Uuid> {
        let (mut found, mut lanes) = (Vec::new(), BTreeSet::new());
        let (outbox, faults) = (&mut self.outbox, self.faults);
        self.live.retain(|(_, id)| {
            let Some(row) = outbox.get_mut(id).filter(|row| row.holds_lane()) else { return false };
            row.delayed &= row.message.not_before.is_some_and(|due| due > now);
            let first = row.message.lane.as_ref().is_none_or(|lane| lanes.insert(lane.clone()));
            let wanted = claim.step.is_none_or(|step| row.message.step == step);
            if wanted && is_free(row, faults, now) && (first || faults.break_lanes) {
                found.push(*id);
            }
            true
        });
        found
    }

    fn held(&mut self, holder: &str, id: Uuid, now: DateTime<Utc>) -> Option<&mut OutboxRow> {
        let row = self.outbox.get_mut(&id)?;
        let mine = matches!(&row.at, At::Claimed { holder: by, until } if by == holder && *until > now);
        mine.then_some(row)
    }

    pub(super) fn renew(
        &mut self,
        holder: &str,
        id: Uuid,
        (now, lease_until): (DateTime<Utc>, DateTime<Utc>),
    ) -> bool {
        let held = |it: &&mut IntentRow| it.holder == holder && it.state == Holding::Held && it.until > now;
        if let Some(intent) = self.intents.get_mut(&id).filter(held) {
            intent.until = lease_until;
        }
        let Some(row) = self.held(holder, id, now) else { return false };
        row.at = At::Claimed { holder: holder.to_owned(), until: lease_until };
        true
    }

    pub(super) fn give_back(&mut self, holder: &str, (id, attempt): (Uuid, u32), now: DateTime<Utc>) {
        if let Some(row) = self.held(holder, id, now).filter(|row| row.message.attempt == attempt) {
            row.at = At::Waiting;
            row.claims -= 1;
        }
    }

    pub(super) fn take_over(&mut self, new: &str, now: DateTime<Utc>) -> u64 {
        for intent in self.intents.values_mut().filter(|it| it.holder != new && it.state == Holding::Held) {
            intent.until = intent.until.min(now);
        }
        let mut freed = 0;
        for row in self.outbox.values_mut() {
            if matches!(&row.at, At::Claimed { holder, until } if holder != new && *until > now) {
                row.at = At::Waiting;
                freed += 1;
            }
        }
        freed
    }

    pub(super) fn relayed(&mut self, holder: &str, key: (Uuid, u32), mark: Relayed, now: DateTime<Utc>) {
        let (id, attempt) = key;
        let held = self.held(holder, id, now);
        let Some(row) = held.filter(|row| row.message.attempt == attempt) else { return };
        match mark {
            Relayed::Sent => row.at = At::Sent,
            Relayed::Delivered => row.at = At::Done { word: "delivered".to_owned(), at: now },
            Relayed::Free => row.at = At::Waiting,
            Relayed::Returned { why } => {
                row.at = At::Parked;
                let message = row.message.clone();
                self.note_attempt(&message, &why, now);
                self.parked.push(super::state::ParkedRow { message, why, at: now, out: None });
            }
        }
    }

    pub(super) fn intend(
        &mut self,
        message: &Message,
        destination: &str,
        holder: &str,
        (now, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Intended {
        let id = message.id;
        let later = self.outbox.get(&id).is_some_and(|row| row.message.attempt > message.attempt);
        let consumed = self.consumptions(id).any(|(_, attempt)| attempt >= message.attempt);
        if later || consumed || self.gone.contains(&id) {
            return Intended::Finished;
        }
        let unguarded = self.faults.ignore_fence;
        let (fence, again) = match self.intents.get(&id) {
            None => (1, false),
            Some(it) => match it.state {
                Holding::Finished => return Intended::Finished,
                Holding::Held if it.until > now && !unguarded => return Intended::Held { until: it.until },
                Holding::Held if it.until > now => (it.fence + 1, false),
                Holding::Held | Holding::Unsure => (it.fence + 1, true),
                Holding::Free => (it.fence + 1, it.doubt),
            },
        };
        let row = IntentRow {
            destination: destination.to_owned(),
            fence,
            holder: holder.to_owned(),
            until,
            state: Holding::Held,
            doubt: again,
            started: now,
        };
        self.intents.insert(id, row);
        Intended::Go { fence, again }
    }

    pub(super) fn fire(&mut self, max: u32, now: DateTime<Utc>) -> u64 {
        let due = |(timer, state): &&(gendan::store::NewTimer, TimerState)| {
            *state == TimerState::Set && timer.due <= now
        };
        let mut timers: Vec<_> = self.timers.values().filter(due).map(|(timer, _)| timer.clone()).collect();
        timers.sort_by_key(|timer| (timer.due, timer.id));
        timers.truncate(max as usize);
        for timer in &timers {
            let message = Message {
                id: timer.id,
                attempt: 1,
                correlation_id: timer.body.order_id,
                step: timer.step,
                lane: None,
                created_at: now,
                not_before: None,
                body: Body::TimerDue(timer.body.clone()),
            };
            if !self.outbox.contains_key(&timer.id) && !self.gone.contains(&timer.id) {
                self.put(&message, now);
            }
            if self.faults.fire_twice {
                self.put(&Message { id: Ids::new(timer.id, timer.due).id("twice"), ..message }, now);
            }
            self.timers.insert(timer.id, (timer.clone(), TimerState::Fired));
        }
        timers.len() as u64
    }

    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        let set = self.timers.values().filter(|(_, state)| *state == TimerState::Set);
        let held_back = self.outbox.values().filter(|row| row.delayed && row.at == At::Waiting);
        set.map(|(timer, _)| timer.due).chain(held_back.filter_map(|row| row.message.not_before)).min()
    }

    pub(super) fn is_idle(&self, now: DateTime<Utc>) -> bool {
        let at_work = self.outbox.values().any(|row| match row.at {
            At::Waiting => row.message.not_before.is_none_or(|due| due <= now),
            At::Claimed { .. } => true,
            At::Sent | At::Parked | At::Done { .. } => false,
        });
        let due = self.timers.values().any(|(timer, state)| *state == TimerState::Set && timer.due <= now);
        !at_work && !due
    }

    pub(super) fn open_parked(&self) -> Vec<Parked> {
        let mut open: Vec<_> = self.parked.iter().filter(|row| row.out.is_none()).collect();
        open.sort_by_key(|row| (row.at, row.message.id));
        open.into_iter()
            .map(|row| Parked {
                message: row.message.clone(),
                why: row.why.clone(),
                at: row.at,
                history: self.attempts.get(&row.message.id).cloned().unwrap_or_default(),
            })
            .collect()
    }

    /// The word for where a message is.
    pub(super) fn word(row: &OutboxRow, now: DateTime<Utc>) -> &str {
        match &row.at {
            At::Claimed { until, .. } if *until > now => "in_work",
            At::Sent => "in_work",
            At::Waiting | At::Claimed { .. } => "waiting",
            At::Parked => "parked",
            At::Done { word, .. } => word,
        }
    }

    pub(super) fn about(&self, correlation_id: Uuid, now: DateTime<Utc>) -> Vec<(Message, String)> {
        let mut rows: Vec<_> =
            self.outbox.values().filter(|row| row.message.correlation_id == correlation_id).collect();
        rows.sort_by_key(|row| row.position);
        let own = rows.into_iter().map(|row| (row.message.clone(), Self::word(row, now).to_owned()));
        let foreign = self.parked.iter().filter(|row| {
            row.out.is_none()
                && row.message.correlation_id == correlation_id
                && !self.outbox.contains_key(&row.message.id)
        });
        let mut all: Vec<_> =
            own.chain(foreign.map(|row| (row.message.clone(), "parked".to_owned()))).collect();
        all.sort_by_key(|(message, _)| message.created_at);
        all
    }

    pub(super) fn prune(&mut self, before: DateTime<Utc>, max: usize) -> Pruned {
        let rows = self.outbox.values();
        let mut old: Vec<(DateTime<Utc>, u64, Uuid)> =
            rows.filter_map(|row| Some((settled(row)?, row.position, row.message.id))).collect();
        old.retain(|(at, _, _)| *at < before);
        old.sort_unstable();
        old.truncate(max);
        old.iter().for_each(|(_, _, id)| drop(self.outbox.remove(id)));
        let mut rows: Vec<_> = self
            .inbox
            .iter()
            .filter(|((id, _, _), row)| row.at < before && self.is_settled(*id))
            .map(|(key, row)| (row.at, *key))
            .collect();
        rows.sort_unstable();
        rows.truncate(max);
        for (_, key) in &rows {
            self.inbox.remove(key);
            self.inbox_before = self.inbox_before.max(before);
        }
        let ids: BTreeSet<Uuid> =
            old.iter().map(|(_, _, id)| *id).chain(rows.iter().map(|(_, (id, _, _))| *id)).collect();
        self.gone.extend(ids.iter().filter(|id| !self.outbox.contains_key(*id)));
        self.attempts.retain(|id, _| !ids.contains(id));
        self.timers.retain(|id, (_, state)| !(ids.contains(id) && *state == TimerState::Fired));
        let ended = |state| matches!(state, Holding::Finished | Holding::Free);
        self.intents.retain(|id, intent| !(ids.contains(id) && ended(intent.state)));
        self.parked
            .retain(|row| row.out.is_none_or(|out| out == "discarded") || !ids.contains(&row.message.id));
        Pruned { inbox: rows.len() as u64, outbox: old.len() as u64 }
    }

    fn is_settled(&self, id: Uuid) -> bool {
        let parked = self
            .parked
            .iter()
            .any(|row| row.message.id == id && row.out.is_none_or(|out| out == "discarded"));
        !parked && self.outbox.get(&id).is_none_or(|row| settled(row).is_some())
    }
}

/// Not in anybody's hand, and not held back.
fn is_free(row: &OutboxRow, faults: Faults, now: DateTime<Utc>) -> bool {
    let free = match &row.at {
        At::Waiting => true,
        At::Claimed { until, .. } => *until <= now || faults.ignore_leases,
        At::Sent | At::Parked | At::Done { .. } => false,
    };
    free && (row.message.not_before.is_none_or(|due| due <= now) || faults.ignore_not_before)
}

/// When the message was done, if nobody has to come back to it.
fn settled(row: &OutboxRow) -> Option<DateTime<Utc>> {
    match &row.at {
        At::Done { word, at } if word != "unsure" && word != "discarded" => Some(*at),
        At::Done { .. } | At::Waiting | At::Claimed { .. } | At::Sent | At::Parked => None,
    }
}
