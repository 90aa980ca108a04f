//! `gendan demo`: the whole way on the samples that ship with the project.

mod clock;
mod people;
mod story;

use crate::cli::Out;
use crate::config::Config;
use crate::ocr::place;
use crate::order::message::Step;
use crate::order::review::Role;
use crate::runtime::house::House;
use crate::runtime::import;
use crate::runtime::supervise::Running;
use crate::runtime::trial::TrialError;
use crate::store::Balance;
use chrono::TimeDelta;
use clock::DemoClock;
use rust_embed::Embed;
use std::path::Path;
use std::sync::Arc;
use story::Story;

#[derive(Embed)]
#[folder = "tests/samples"]
#[include = "master/*.csv"]
#[include = "inbox/*.eml"]
#[include = "fax/*"]
struct Samples;

/// The demo's house, at work.
pub struct Demo {
    pub house: Arc<House>,
    pub running: Running,
    story: Story,
    clock: Arc<DemoClock>,
}

impl Demo {
    /// Sets the folder up: settings with a user for each role, the sample master data, the sample mails and faxes.
    pub async fn start(dir: &Path, out: &mut Out) -> Result<Self, TrialError> {
        std::fs::create_dir_all(dir)?;
        let file = dir.join("gendan.toml");
        if !file.exists() {
            std::fs::write(&file, settings())?;
        }
        let clock = Arc::new(DemoClock::open(dir)?);
        // Of the environment it takes nothing but where the models are: it is the same demo for everybody.
        let own =
            |(name, _): &(String, String)| !name.starts_with("GENDAN_") || name.contains("_RECOGNITION__");
        let config = Config::load(Some(&file), std::env::vars().filter(own))?;
        models(&config, out)?;
        let house = Arc::new(House::open_with(dir, config, clock.clone()).await?);
        let owner = house.own()?;
        let master = Samples::iter().filter_map(|name| {
            let table = name.strip_prefix("master/")?.strip_suffix(".csv")?.to_owned();
            Some((table, Samples::get(&name)?.data.into_owned()))
        });
        let tables = import::import(house.store.as_ref(), master.collect(), false).await?;
        let rows: usize = tables.iter().map(|table| table.rows).sum();
        out.line(format!("master data: {} tables, {rows} rows. Mails and faxes come in:\n", tables.len()))?;
        let running = house.start(owner, Step::ALL.to_vec()).await?;
        Ok(Self { house, running, story: Story::default(), clock })
    }

    /// Drops the samples into the folders and tells each part's way until all is quiet.
    pub async fn feed(&mut self, out: &mut Out) -> Result<(), TrialError> {
        let intake = self.house.intake(Some(&self.running));
        for (folder, kind) in self.house.folders().iter().zip(["inbox/", "fax/"]) {
            let mut names: Vec<_> = Samples::iter().filter(|name| name.starts_with(kind)).collect();
            names.sort();
            for name in names {
                let to = name.trim_start_matches(kind);
                let Some(file) = Samples::get(&name).filter(|_| !folder.path.join("done").join(to).exists())
                else {
                    continue;
                };
                std::fs::write(folder.path.join(to), file.data)?;
                folder.take_all(&intake).await?;
                self.settle(out).await?;
            }
        }
        Ok(())
    }

    /// Waits until nothing is due, and tells what happened.
    async fn settle(&mut self, out: &mut Out) -> Result<(), TrialError> {
        self.running.quiet().await?;
        self.story.tell(&self.house, out).await
    }

    /// Plays everybody whose word is asked for, then the warehouse, until nobody has anything more to do.
    pub async fn decide(&mut self, out: &mut Out) -> Result<(), TrialError> {
        out.line("\nThe people are played (--decide none leaves that to you):\n")?;
        self.play(out).await?;
        self.clock.turn(TimeDelta::days(60))?;
        out.line("\nTwo months later: what was promised for a day has left on it:\n")?;
        self.settle(out).await?;
        self.play(out).await
    }

    async fn play(&mut self, out: &mut Out) -> Result<(), TrialError> {
        while people::decide(&self.house).await? + people::report(&self.house).await? > 0 {
            self.settle(out).await?;
        }
        Ok(())
    }

    /// The closing table.
    pub async fn sum(&self, out: &mut Out) -> Result<Balance, TrialError> {
        self.story.sum(&self.house, out).await
    }
}

/// The demo's settings: the lean profile, and one user for each role, called by its name.
/// The models that read faxes are put into their place once; without a network the faxes wait for a person.
fn models(config: &Config, out: &mut Out) -> Result<(), TrialError> {
    let folder = &config.recognition.models;
    if place::is_there(folder) {
        return Ok(());
    }
    out.line("The models that read faxes are fetched, once: 27 MB.")?;
    if let Err(error) = place::fetch(folder, None) {
        out.line(format!("Faxes and scans will wait for a person: {error}"))?;
    }
    Ok(())
}

fn settings() -> String {
    let user = |role: Role| {
        let id = role.as_str();
        format!("\n[[users]]\nid = \"{id}\"\nname = \"{id}\"\nroles = [\"{id}\"]\n")
    };
    let users: String = Role::ALL.into_iter().map(user).collect();
    format!("# Settings of the demo.\n[rules]\nprofile = \"lean\"\n{users}")
}
