//! The run: everything is read, many at once; then each document goes through the checks at its own time, one after the other.

use super::clock::StandingClock;
use super::gather::Item;
use super::known::Known;
use super::seen::{Fate, Outcome, SeenFile, SeenPart, Sent};
use crate::config::Config;
use crate::deliver::smtp::settings::SmtpSettings;
use crate::intake::{self, Accepted, Arrival, Intake, NotAccepted};
use crate::order::document::{Channel, Document, PartState};
use crate::order::draft::Draft;
use crate::order::ids::sha256_hex;
use crate::order::message::{Message, Step};
use crate::runtime::ahead;
use crate::runtime::clock::{Clock as _, SystemClock};
use crate::runtime::house::House;
use crate::runtime::trial::TrialError;
use crate::runtime::worker::Worker;
use crate::store::{Claim, Commit, Filter, Index, Json, Key, Kind, Write};
use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone as _, Utc};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Longer than any rehearsal.
const LEASE: Duration = Duration::from_secs(30 * 86_400);
/// By so much the clock is turned on when something failed that may be tried again.
const PATIENCE: TimeDelta = TimeDelta::hours(1);
/// Nobody mailed or faxed before this.
const EARLIEST: i64 = 315_532_800;

/// A house on a folder of its own, in which nothing is ever delivered: its worker has no outlet, and what it sends is counted
/// where it lies.
pub struct Stage {
    pub(super) house: House,
    worker: Worker,
    clock: Arc<StandingClock>,
    stop: CancellationToken,
}

/// A document on its way.
struct Taken {
    file: SeenFile,
    document: Option<Uuid>,
    modified: DateTime<Utc>,
}

impl Stage {
    /// `work` is thrown away afterwards; `config` says by which rules.
    pub async fn open(work: &Path, config: Config, known: Known) -> Result<Self, TrialError> {
        let clock = Arc::new(StandingClock::default());
        clock.set(SystemClock.now());
        let house = House::open_with(work, alone(config), clock.clone()).await?;
        known.put(house.store.as_ref()).await?;
        Ok(Self { worker: house.hand(), house, clock, stop: CancellationToken::new() })
    }

    /// The house's words and settings, for the report.
    #[must_use]
    pub fn books(&self) -> &crate::runtime::books::Books {
        &self.house.books
    }

    /// The master data that the run went by.
    pub async fn master(&self) -> Result<Arc<crate::master::Master>, TrialError> {
        Ok(self.house.shelf.get().await?)
    }

    /// Rehearses everything. `tick` is called twice for each item: when it was read, and when it was checked.
    pub async fn run(&self, items: Vec<Item>, tick: &(dyn Fn() + Sync)) -> Result<Vec<SeenFile>, TrialError> {
        let mut taken = self.take(items, tick).await?;
        let millis = self.read(tick).await?;
        for it in &mut taken {
            it.file.millis = it.document.and_then(|id| millis.get(&id)).copied().unwrap_or(0);
        }
        self.check(&mut taken, tick).await?;
        for it in &mut taken {
            if let Some(id) = it.document {
                self.count_sent(&mut it.file, id).await?;
            }
        }
        Ok(taken.into_iter().map(|it| it.file).collect())
    }

    /// Takes the documents in, the oldest first.
    async fn take(&self, mut items: Vec<Item>, tick: &(dyn Fn() + Sync)) -> Result<Vec<Taken>, TrialError> {
        let intake = Intake {
            store: self.house.store.clone(),
            blobs: self.house.blobs.clone(),
            committer: self.worker.committer.clone(),
            wakes: None,
        };
        let today = SystemClock.now();
        items.sort_by_key(|item| moment(item, today));
        let mut first: HashMap<String, String> = HashMap::new();
        let mut all = Vec::with_capacity(items.len());
        for item in items {
            let at = moment(&item, today);
            self.clock.set(at);
            let (document, fate) = match self.accept(&intake, &item, &mut first).await? {
                Ok(id) => (Some(id), Fate::Read),
                Err(fate) => {
                    tick();
                    tick();
                    (None, fate)
                }
            };
            let file = SeenFile {
                name: item.name,
                channel: item.channel,
                at,
                millis: 0,
                fate,
                parts: Vec::new(),
                sent: Sent::new(),
            };
            all.push(Taken { file, document, modified: item.modified });
        }
        Ok(all)
    }

    async fn accept(
        &self,
        intake: &Intake,
        item: &Item,
        first: &mut HashMap<String, String>,
    ) -> Result<Result<Uuid, Fate>, TrialError> {
        let max = self.house.config.intake.max_bytes;
        if item.size > max {
            let why = format!("it has {} bytes, more than the {max} of intake.max_bytes", item.size);
            return Ok(Err(Fate::Unreadable(why)));
        }
        let bytes = match item.bytes() {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(Fate::Unreadable(format!("it can't be read: {error}")))),
        };
        let sha256 = sha256_hex(&bytes);
        if let Some(earlier) = first.get(&sha256) {
            return Ok(Err(Fate::Repeats(earlier.clone())));
        }
        let arrival = Arrival {
            bytes,
            name: item.name.clone(),
            channel: item.channel,
            source: if item.channel == Channel::Fax { "fax" } else { "folder" },
            caller: item.caller.clone(),
            sent_at: item.sent_at.filter(|_| item.channel == Channel::Fax),
        };
        match intake.accept(arrival).await {
            Ok(Accepted::New(id)) => {
                first.insert(sha256, item.name.clone());
                Ok(Ok(id))
            }
            Ok(Accepted::Repeats { .. } | Accepted::Known) => Ok(Err(Fate::Repeats(item.name.clone()))),
            Err(NotAccepted::Store(error)) => Err(error.into()),
            Err(error) => Ok(Err(Fate::Unreadable(error.to_string()))),
        }
    }

    /// Reads everything, as many at once as there are cores; how long each document took.
    async fn read(&self, tick: &(dyn Fn() + Sync)) -> Result<HashMap<Uuid, u64>, TrialError> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let most = [(Step::Read, cores), (Step::Recognize, self.house.config.recognition.pages_at_once())];
        let (mut hands, mut busy, mut millis) = (JoinSet::new(), BTreeMap::new(), HashMap::new());
        let mut tries = self.house.config.worker.retry.attempts;
        loop {
            for (step, most) in most {
                let held: &mut usize = busy.entry(step).or_default();
                for message in self.claim(step, most.saturating_sub(*held)).await? {
                    *held += 1;
                    hands.spawn(timed(self.worker.clone(), message, self.stop.clone()));
                }
            }
            match hands.join_next().await {
                Some(Ok((step, document, took, goes_on))) => {
                    *busy.entry(step).or_default() -= 1;
                    *millis.entry(document).or_insert(0) += took;
                    if !goes_on {
                        tick();
                    }
                }
                // The worker makes a panic of a step into a parked message; this is the task itself.
                Some(Err(error)) => return Err(TrialError::Io(std::io::Error::other(error))),
                None if tries > 0 && self.is_delayed().await? => {
                    tries -= 1;
                    self.clock.set(self.clock.now() + PATIENCE);
                }
                None => return Ok(millis),
            }
        }
    }

    /// Whether a document is not read yet, and nobody has put it aside.
    async fn is_delayed(&self) -> Result<bool, TrialError> {
        let waiting = Filter { status: Some("waiting".to_owned()), ..Filter::default() };
        let waiting = self.house.store.list(Kind::Document, &waiting).await?.len();
        Ok(waiting > self.house.store.parked().await?.len())
    }

    async fn claim(&self, step: Step, most: usize) -> Result<Vec<Message>, TrialError> {
        let max = u32::try_from(most).unwrap_or(u32::MAX);
        if max == 0 {
            return Ok(Vec::new());
        }
        let holder = self.worker.settings.holder.clone();
        let claim = Claim { step: Some(step), max, holder, lease: LEASE };
        Ok(self.house.store.claim(&claim).await?.into_iter().map(|claimed| claimed.message).collect())
    }

    /// Each document goes through the checks at its own time, the oldest first.
    async fn check(&self, taken: &mut [Taken], tick: &(dyn Fn() + Sync)) -> Result<(), TrialError> {
        let mut drafts: HashMap<Uuid, Vec<Message>> = HashMap::new();
        for message in self.claim(Step::Check, usize::MAX).await? {
            drafts.entry(message.correlation_id).or_default().push(message);
        }
        self.date(taken).await?;
        taken.sort_by(|one, other| (one.file.at, &one.file.name).cmp(&(other.file.at, &other.file.name)));
        for it in taken {
            let Some(id) = it.document else { continue };
            self.clock.set(it.file.at);
            for message in drafts.remove(&id).unwrap_or_default() {
                self.worker.work(&message, false, &self.stop).await;
            }
            it.file.parts = self.parts(id).await?;
            let waits = it.file.parts.iter().any(|part| part.state == PartState::Waiting);
            if it.file.parts.is_empty() || waits {
                it.file.fate = Fate::Unreadable(self.why_not(id).await?);
            }
            self.agree(&it.file.parts).await?;
            tick();
        }
        Ok(())
    }

    /// Sets the moment at which each document is taken: when it was sent, else the day that its order names, else when its
    /// file was written, which for a copy may be long after all others.
    async fn date(&self, taken: &mut [Taken]) -> Result<(), TrialError> {
        let (mut latest, mut undated) = (None, Vec::new());
        for (place, it) in taken.iter_mut().enumerate() {
            let Some(id) = it.document else { continue };
            match self.sent_at(id).await? {
                Some(at) => {
                    it.file.at = at;
                    latest = latest.max(Some(at));
                }
                None => undated.push((place, id)),
            }
        }
        for (place, id) in undated {
            let it = &mut taken[place];
            it.file.at = latest.map_or(it.modified, |latest| latest.min(it.modified));
            self.received_at(id, it.file.at).await?;
        }
        Ok(())
    }

    async fn sent_at(&self, id: Uuid) -> Result<Option<DateTime<Utc>>, TrialError> {
        let Some((_, document)) = self.one::<Document>(Key::new(Kind::Document, id)).await? else {
            return Ok(None);
        };
        let today = SystemClock.now();
        if let Some(sent) = document.envelope.sent_at.filter(|at| is_plausible(*at, today)) {
            return Ok(Some(sent));
        }
        let noon = |draft: Draft| {
            let day = draft.order?.order_date?.value.and_time(NaiveTime::from_hms_opt(12, 0, 0)?);
            Some(self.house.config.firm.zone.from_local_datetime(&day).earliest()?.to_utc())
        };
        let records = self.records(id).await?;
        let dated = records.into_iter().find_map(|it| noon(it.draft)).filter(|at| is_plausible(*at, today));
        if let Some(at) = dated {
            self.received_at(id, at).await?;
        }
        Ok(dated)
    }

    /// The checks go by when a document came where it does not say when it was sent.
    async fn received_at(&self, id: Uuid, at: DateTime<Utc>) -> Result<(), TrialError> {
        if let Some((version, document)) = self.one::<Document>(Key::new(Kind::Document, id)).await? {
            let document = Document { received_at: at, ..document };
            let commit = Commit { writes: vec![intake::write(&document, version)], ..Commit::default() };
            self.house.store.commit(vec![commit]).await?;
        }
        Ok(())
    }

    /// What an order took of stock and credit is given back, since nobody ships and pays here, and the master data say how
    /// things stand. It counts as agreed to: the customer's next is not his first.
    async fn agree(&self, parts: &[SeenPart]) -> Result<(), TrialError> {
        let mut writes = Vec::new();
        for kind in [Kind::Stock, Kind::Credit] {
            for taken in self.house.store.list(kind, &Filter::default()).await? {
                if taken.body.read().is_ok_and(|value: Decimal| !value.is_zero()) {
                    writes.push(figure(taken.key, taken.version, Decimal::ZERO));
                }
            }
        }
        for part in parts.iter().filter(|part| matches!(part.outcome(), Outcome::Waited)) {
            let customer = part.order.as_ref().and_then(|order| order.content.customer.as_ref());
            let Some(key) = customer.map(|code| Key::new(Kind::Counter, code)) else { continue };
            let known = self.house.store.load(std::slice::from_ref(&key)).await?.into_iter().flatten().next();
            if known.is_none() && !writes.iter().any(|write| write.key == key) {
                writes.push(figure(key, 0, Decimal::ZERO));
            }
        }
        if !writes.is_empty() {
            let commit = Commit { writes, ..Commit::default() };
            self.worker.committer.write(commit).await.map_err(|_| stopped())?;
        }
        Ok(())
    }
}

async fn timed(worker: Worker, message: Message, stop: CancellationToken) -> (Step, Uuid, u64, bool) {
    let since = Instant::now();
    worker.work(&message, false, &stop).await;
    let took = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
    let goes_on = message.step == Step::Read
        && worker
            .store
            .messages(message.correlation_id)
            .await
            .is_ok_and(|all| all.iter().any(|(next, _)| next.step == Step::Recognize));
    (message.step, message.correlation_id, took, goes_on)
}

fn figure(key: Key, was: u64, value: Decimal) -> Write {
    let body = Json::of(&value);
    Write { key, was, now: ahead::follow(was, &body), body, index: Index::default() }
}

fn stopped() -> TrialError {
    TrialError::Io(std::io::Error::other("the temporary records can't be written"))
}

/// The firm's settings, without anything that is outside: no servers, no mail server, no mailboxes, folders of its own.
fn alone(config: Config) -> Config {
    let mut config = config;
    config.postgres.url.0.clear();
    config.rabbitmq.url.clear();
    config.smtp = SmtpSettings { host: String::new(), ..config.smtp };
    config.mailboxes.clear();
    // All is read before anything is checked, and no timer fires: what came months later would hold every order.
    config.check.soft_hold_minutes = 0;
    config.folders.inbox = "in".into();
    config.folders.fax = "fax".into();
    config.folders.outgoing = "out".into();
    config.folders.blobs = "blobs".into();
    config.worker.linger_ms = 0;
    config
}

fn is_plausible(at: DateTime<Utc>, today: DateTime<Utc>) -> bool {
    at.timestamp() >= EARLIEST && at <= today + TimeDelta::days(1)
}

fn moment(item: &Item, today: DateTime<Utc>) -> DateTime<Utc> {
    item.sent_at.filter(|at| is_plausible(*at, today)).unwrap_or(item.modified)
}
