//! A command's message handed to the instance that works in the folder, or, when none does, worked off here.

use super::Stop;
use super::context::stop;
use crate::order::message::Message;
use crate::runtime::house::{House, Roles};
use crate::store::{Answer, Commit};
use std::time::Duration;

/// How long a running instance has to work a command's message off.
const PATIENCE: Duration = Duration::from_secs(20);

/// Writes the message and waits for what became of it: the word of its disposition (`decided`, `refused: …`).
pub(super) async fn hand_over(house: &House, message: Message, effect: String) -> Result<String, Stop> {
    let (id, about) = (message.id, message.correlation_id);
    let commit = Commit { effects: vec![effect], messages: vec![message], ..Commit::default() };
    match house.store.commit(vec![commit]).await?.as_slice() {
        [Answer::Done] => {}
        other => return Err(Stop::Refused(format!("it was done before, or changed meanwhile: {other:?}"))),
    }
    // On servers the workers do it; a command that took part in their work would take messages of others too.
    let here = match house.own() {
        Ok(owner) if !house.on_servers() => Some(house.start(owner, Roles::all()).await.map_err(stop)?),
        Ok(_) | Err(_) => None,
    };
    let waited = tokio::time::timeout(PATIENCE, ended(house, id, about)).await;
    if let Some(running) = here {
        running.quiet().await?;
        running.stop(Duration::from_secs(house.config.worker.grace_seconds)).await;
    }
    match waited {
        Ok(word) => word,
        Err(_) => Err(stop(
            anyhow::anyhow!(
                "it is written and will be done, but the running instance has not done it in {} s",
                PATIENCE.as_secs()
            )
            .into(),
        )),
    }
}

async fn ended(house: &House, id: uuid::Uuid, about: uuid::Uuid) -> Result<String, Stop> {
    loop {
        let messages = house.store.messages(about).await?;
        let state = messages.into_iter().rev().find(|(message, _)| message.id == id).map(|(_, state)| state);
        match state {
            Some(state) if state != "waiting" && state != "in_work" => return Ok(state),
            Some(_) | None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
