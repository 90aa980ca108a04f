//! What the customer was asked and what he answered, beside the review that waits for it.

use crate::cli::Stop;
use crate::cli::context::Context;
use crate::order::Order;
use crate::order::asked::{Answer, AskedState, Outcome};
use crate::order::document::Document;
use crate::read::{Pictures, Source};
use crate::rights::Sees;
use crate::runtime::house::House;
use crate::store::{Key, Kind, PartRecord};

/// Lines of an answer that are shown.
const SHOWN: usize = 20;

/// Prints the question and the answers; the words of those that a person has to read, to whom may see them.
pub(super) async fn print(
    house: &House,
    order: &Order,
    sees: Sees,
    context: &mut Context,
) -> Result<(), Stop> {
    if let Some(asked) = &order.asked {
        let at = asked.at.with_timezone(&house.config.firm.zone).format("%Y-%m-%d %H:%M");
        let paths: Vec<&str> = asked.questions.iter().map(|question| question.path.as_str()).collect();
        let what = if asked.offer { "the offer".to_owned() } else { paths.join(", ") };
        let state = match asked.state {
            AskedState::Waiting => "waits for him",
            AskedState::Answered => "answered",
            AskedState::Unanswered => "not answered",
            AskedState::Over => "settled without him",
        };
        context
            .out
            .line(format!("  the customer was asked on {at} [{}] for {what}: {state}", asked.token))?;
    }
    for answer in &order.answers {
        let (outcome, why) = (plain(&answer.outcome), answer.why.as_ref().map(plain).unwrap_or_default());
        let document = answer.from.document_id;
        context.out.line(format!("  answer in document {document}: {outcome} {why}").trim_end())?;
        if answer.outcome != Outcome::Person || !sees.prices || !sees.contacts {
            continue;
        }
        for line in words(house, answer).await?.into_iter().take(SHOWN) {
            context.out.line(format!("    | {line}"))?;
        }
    }
    Ok(())
}

fn plain(word: &impl serde::Serialize) -> String {
    serde_json::to_value(word).ok().and_then(|it| it.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What he wrote; nothing of a fax, whose picture is to be looked at.
async fn words(house: &House, answer: &Answer) -> Result<Vec<String>, Stop> {
    let (id, part) = (answer.from.document_id, answer.from.part);
    let keys = [Key::new(Kind::Document, id), Key::new(Kind::Part, format!("{id}/{part}"))];
    let mut found = house.store.load(&keys).await?.into_iter();
    let (Some(document), Some(record)) = (found.next().flatten(), found.next().flatten()) else {
        return Ok(Vec::new());
    };
    let document: Document = document.body.read().map_err(anyhow::Error::from)?;
    let record: PartRecord = record.body.read().map_err(anyhow::Error::from)?;
    let Ok(bytes) = house.blobs.get(&document.sha256).await else { return Ok(Vec::new()) };
    let source = Source { bytes: &bytes, name: &document.name, channel: document.channel };
    let opened = house.books.reader.open(&source, Pictures::Later);
    let lines = opened.fresh(&record.part.source);
    Ok(lines
        .into_iter()
        .filter(|line| !line.trim().is_empty())
        .map(|it| crate::cli::printable(&it))
        .collect())
}
