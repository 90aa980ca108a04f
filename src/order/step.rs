//! The steps on an order's way, each with a queue of its own.

use serde::{Deserialize, Serialize};

/// The inner queues, each consumed by the step of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Read,
    /// What of it are pictures: seconds a page, where `Read` takes milliseconds.
    Recognize,
    Check,
    Review,
    Release,
    Deliver,
    Follow,
}

impl Step {
    pub const ALL: [Self; 7] =
        [Self::Read, Self::Recognize, Self::Check, Self::Review, Self::Release, Self::Deliver, Self::Follow];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Recognize => "recognize",
            Self::Check => "check",
            Self::Review => "review",
            Self::Release => "release",
            Self::Deliver => "deliver",
            Self::Follow => "follow",
        }
    }
}

impl std::str::FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|step| step.as_str() == text).ok_or_else(|| {
            format!("`{text}` is not a step: use read, recognize, check, review, release, deliver or follow")
        })
    }
}
