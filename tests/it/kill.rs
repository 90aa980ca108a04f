//! The real program, killed again and again: nothing is lost, nothing is done twice, and a stop is clean.

#![allow(clippy::unwrap_used, reason = "a test that can't go on says so by failing")]

mod checks;
mod house;
pub(crate) mod letters;
mod wrapper;

use fastrand::Rng;
use gendan::runtime::outside::Point;
use house::{End, House};
use letters::Letters;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const LETTERS: usize = 2_000;
const KILLS: usize = 100;
/// Far more than an honest run takes.
const LIMIT: Duration = Duration::from_secs(230);
const GRACE: Duration = Duration::from_secs(20);

#[test]
fn kill_9_at_random_moments() {
    let began = Instant::now();
    let mut rng = Rng::with_seed(9);
    let house = House::new();
    let letters = Letters::make(&mut rng, LETTERS);
    let mut left = letters.all.iter();
    let mut working = 0;
    for _ in 0..KILLS {
        left.by_ref().take(LETTERS / KILLS).for_each(|letter| house.drop_in(letter));
        let before = house.traces();
        let mut run = house.start();
        run.ready();
        std::thread::sleep(Duration::from_millis(rng.u64(20..=150)));
        run.kill();
        working += usize::from(house.traces() > before);
    }
    let storm = began.elapsed();
    assert!(working * 2 >= KILLS, "only {working} of {KILLS} kills hit a process that had done something");
    let run = house.start();
    house.until_done(began + LIMIT);
    let stop = Instant::now();
    assert_eq!(run.terminate(), End::Code(0));
    assert!(stop.elapsed() < GRACE, "the stop took {:?}", stop.elapsed());
    let seen = checks::all(&house, &letters);
    assert!(seen.numbered * 2 > LETTERS, "most orders pass untouched, here only {}", seen.numbered);
    println!(
        "{LETTERS} letters, {KILLS} kills ({working} at work) in {storm:?}, all in {:?}: {seen:?}",
        began.elapsed()
    );
}

#[test]
fn a_stop_at_a_random_moment_is_clean() {
    let mut rng = Rng::with_seed(15);
    let house = House::new();
    let letters = Letters::make(&mut rng, 120);
    let mut left = letters.all.iter();
    for _ in 0..12 {
        left.by_ref().take(10).for_each(|letter| house.drop_in(letter));
        let mut run = house.start();
        run.ready();
        std::thread::sleep(Duration::from_millis(rng.u64(0..=300)));
        let stop = Instant::now();
        assert_eq!(run.terminate(), End::Code(0));
        assert!(stop.elapsed() < GRACE, "the stop took {:?}", stop.elapsed());
    }
    let run = house.start();
    house.until_done(Instant::now() + LIMIT);
    assert_eq!(run.terminate(), End::Code(0));
    checks::all(&house, &letters);
}

#[test]
fn a_second_run_on_the_same_folder_is_refused() {
    let house = House::new();
    let mut run = house.start();
    run.ready();
    let (end, said) = house.run_once(None);
    assert_eq!(end, End::Code(1));
    assert!(said.contains("another gendan works in") && said.contains("--dir"), "{said}");
    assert_eq!(run.terminate(), End::Code(0));
    assert_eq!(house.run_once(None).0, End::Code(0));
}

/// Points that no run of the program passes by itself.
fn out_of_reach(point: Point) -> Option<&'static str> {
    if [Point::BrokerPublish, Point::BrokerTake, Point::BrokerAck].contains(&point) {
        return Some("these houses have the broker in them; RabbitMQ is outside");
    }
    (point == Point::StoreConsumed).then_some(
        "the inbox is asked only when the answer to a commit was lost; the simulation loses answers on purpose",
    )
}

#[test]
fn every_failpoint_in_turn() {
    let mut rng = Rng::with_seed(33);
    let template = House::new();
    let mut hit = BTreeSet::new();
    for point in Point::ALL {
        let passings: &[u32] = if out_of_reach(point).is_some() { &[1] } else { &[1, 3, 7, 20] };
        for (side, nth) in
            ["before", "after"].into_iter().flat_map(|side| passings.iter().map(move |nth| (side, nth)))
        {
            let house = template.copy();
            let letters = Letters::make(&mut rng, 5);
            letters.all.iter().for_each(|letter| house.drop_in(letter));
            let failpoint = format!("{}:{side}:{nth}", point.as_str());
            match house.run_once(Some(&failpoint)) {
                (End::Signal, _) => hit.insert((point.as_str(), side)),
                (End::Code(0), _) => false,
                (end, said) => panic!("{failpoint}: {end:?} {said}"),
            };
            let (end, said) = house.run_once(None);
            assert_eq!(end, End::Code(0), "after {failpoint}: {said}");
            house.until_done(Instant::now() + LIMIT);
            checks::all(&house, &letters);
        }
    }
    for point in Point::ALL {
        let both = ["before", "after"].iter().all(|side| hit.contains(&(point.as_str(), *side)));
        match out_of_reach(point) {
            None => assert!(both, "{} was never hit: {hit:?}", point.as_str()),
            Some(why) => assert!(!both, "{} is reached now, though {why}", point.as_str()),
        }
    }
}
