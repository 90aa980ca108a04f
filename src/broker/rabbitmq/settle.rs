//! Acknowledgements of one channel: gathered, and sent as few as is safe.

use super::link::Link;
use lapin::Channel;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

/// Settled at a time; what is in hand is bounded by the prefetch, and so is what waits here.
const BATCH: usize = 256;

/// What is to be said of a delivery.
pub(super) enum Settle {
    Ack(u64),
    GiveBack(u64),
    /// Everything before this is written; then the channel is closed, and what nobody took goes back.
    Close(oneshot::Sender<()>),
}

/// Settles until everybody who might order it is gone, then closes the channel.
pub(super) async fn run(
    channel: Channel,
    link: Arc<Link>,
    mut orders: UnboundedReceiver<Settle>,
    limit: Duration,
) {
    let mut settled = Settled::default();
    let mut batch = Vec::with_capacity(BATCH);
    while orders.recv_many(&mut batch, BATCH).await > 0 {
        let (mut acks, mut give_back, mut close) = (Vec::new(), Vec::new(), None);
        for order in batch.drain(..) {
            match order {
                Settle::Ack(number) if settled.mark(number) => acks.push(number),
                Settle::GiveBack(number) if settled.mark(number) => give_back.push(number),
                Settle::Ack(_) | Settle::GiveBack(_) => {}
                Settle::Close(told) => close = Some(told),
            }
        }
        let written = tokio::time::timeout(limit, write(&channel, &settled, acks, give_back)).await;
        let lost = !matches!(written, Ok(Ok(())));
        if lost || close.is_some() {
            // What was not acknowledged comes again on the next channel, and is found done.
            end(&channel, &link, limit).await;
            let _ = close.map(|told| told.send(()));
            return;
        }
    }
    end(&channel, &link, limit).await;
}

/// Closes the channel, which ends its consumer; where that hangs, the connection is not to be trusted.
async fn end(channel: &Channel, link: &Link, limit: Duration) {
    if tokio::time::timeout(limit, channel.close(200, "OK".into())).await.is_err() {
        link.retire();
    }
    link.look();
}

async fn write(
    channel: &Channel,
    settled: &Settled,
    acks: Vec<u64>,
    give_back: Vec<u64>,
) -> lapin::Result<()> {
    let requeue = BasicNackOptions { multiple: false, requeue: true };
    let nacks = give_back.into_iter().map(|number| channel.basic_nack(number, requeue));
    // Before the acknowledgements: one of several deliveries would take these along.
    futures_util::future::try_join_all(nacks).await?;
    let acks = settled.together(acks);
    let sent =
        acks.into_iter().map(|(number, multiple)| channel.basic_ack(number, BasicAckOptions { multiple }));
    futures_util::future::try_join_all(sent).await?;
    Ok(())
}

/// Which deliveries of a channel are settled. The server numbers them 1, 2, 3 …
#[derive(Default)]
struct Settled {
    /// All up to this one.
    through: u64,
    /// Runs beyond it, first to last; as many as there are deliveries in hand at most.
    beyond: BTreeMap<u64, u64>,
}

impl Settled {
    /// Notes it; false when it was settled before, which the server would punish with the end of the channel.
    fn mark(&mut self, number: u64) -> bool {
        let before = self.beyond.range(..=number).next_back().map(|(first, last)| (*first, *last));
        if number <= self.through || before.is_some_and(|(_, last)| number <= last) {
            return false;
        }
        let first = match before {
            Some((first, last)) if last + 1 == number => first,
            Some(_) | None => number,
        };
        let last = self.beyond.remove(&(number + 1)).unwrap_or(number);
        if first == self.through + 1 {
            self.beyond.remove(&first);
            self.through = last;
        } else {
            self.beyond.insert(first, last);
        }
        true
    }

    /// The acknowledgements to send for these, which are marked: those at the front as one.
    fn together(&self, mut acks: Vec<u64>) -> Vec<(u64, bool)> {
        acks.sort_unstable();
        let front = acks.partition_point(|number| *number <= self.through);
        let mut sent = Vec::with_capacity(acks.len() - front.saturating_sub(1));
        if front > 0 {
            sent.push((acks[front - 1], front > 1));
        }
        sent.extend(acks[front..].iter().map(|number| (*number, false)));
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::Settled;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        /// Whatever the order: each delivery is acknowledged exactly once, and none that was not settled.
        #[test]
        fn every_delivery_is_acknowledged_once(order in Just((1..=40u64).collect::<Vec<_>>()).prop_shuffle(), size in 1..9usize) {
            let mut settled = Settled::default();
            let mut outstanding: BTreeSet<u64> = (1..=40).collect();
            let mut done = BTreeSet::new();
            for batch in order.chunks(size) {
                for number in batch {
                    prop_assert!(settled.mark(*number));
                    prop_assert!(!settled.mark(*number));
                    done.insert(*number);
                }
                for (number, multiple) in settled.together(batch.to_vec()) {
                    prop_assert!(outstanding.contains(&number), "the server knows {number} no more");
                    outstanding.retain(|it| if multiple { *it > number } else { *it != number });
                }
                let left: BTreeSet<u64> = (1..=40).filter(|number| !done.contains(number)).collect();
                prop_assert_eq!(&outstanding, &left);
            }
            prop_assert!(settled.beyond.is_empty() && settled.through == 40);
        }
    }

    #[test]
    fn those_at_the_front_go_as_one() {
        let mut settled = Settled::default();
        for number in [1, 2, 3, 7] {
            settled.mark(number);
        }
        assert_eq!(settled.together(vec![7, 2, 3, 1]), [(3, true), (7, false)]);
    }
}
