//! Finds the commits of a batch that the database refuses, so that their neighbours stand.

use super::StoreError;
use super::commit::Answer;
use super::prepare::Prepared;

/// What came of a part of a batch.
pub(super) enum Tried {
    /// It is written, as far as the transaction goes.
    Written(Vec<Answer>),
    /// The database refuses something in it, and all of it was undone.
    Refused(String),
}

/// A transaction in which a part of a batch can be tried and undone.
pub(super) trait Trial: Send {
    fn attempt(&mut self, part: &[Prepared]) -> impl Future<Output = Result<Tried, StoreError>> + Send;
}

/// Tries the batch; where it is refused, each half by itself, until the guilty ones stand alone.
pub(super) async fn halve(trial: &mut impl Trial, batch: &[Prepared]) -> Result<Vec<Answer>, StoreError> {
    let mut answers = Vec::with_capacity(batch.len());
    let mut parts = vec![batch];
    while let Some(part) = parts.pop() {
        match trial.attempt(part).await? {
            Tried::Written(written) => answers.extend(written),
            Tried::Refused(why) if part.len() == 1 => answers.push(Answer::Refused { why }),
            Tried::Refused(_) => {
                let (left, right) = part.split_at(part.len() / 2);
                parts.extend([right, left]);
            }
        }
    }
    Ok(answers)
}
