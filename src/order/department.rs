//! The departments of the house, as they are told things.

use super::review::Queue;
use serde::{Deserialize, Serialize};

/// A department that is told things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Department {
    Sales,
    Production,
    Purchasing,
    Warehouse,
    Quality,
    Finance,
    Shipping,
    /// 监察: sees all, decides nothing.
    Supervision,
}

impl Department {
    pub const ALL: [Self; 8] = [
        Self::Sales,
        Self::Production,
        Self::Purchasing,
        Self::Warehouse,
        Self::Quality,
        Self::Finance,
        Self::Shipping,
        Self::Supervision,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Production => "production",
            Self::Purchasing => "purchasing",
            Self::Warehouse => "warehouse",
            Self::Quality => "quality",
            Self::Finance => "finance",
            Self::Shipping => "shipping",
            Self::Supervision => "supervision",
        }
    }

    /// The department whose people answer in this queue.
    #[must_use]
    pub const fn of_queue(queue: Queue) -> Self {
        match queue {
            Queue::Margin => Self::Finance,
            Queue::Production | Queue::Technical => Self::Production,
            Queue::Quality => Self::Quality,
            Queue::Purchasing => Self::Purchasing,
            Queue::Keying
            | Queue::Clarification
            | Queue::Sales
            | Queue::Price
            | Queue::Credit
            | Queue::SecondLook
            | Queue::Management
            | Queue::Watching
            | Queue::Offer => Self::Sales,
        }
    }

    /// Whether its people may see prices and terms (DOMAIN: People and departments).
    #[must_use]
    pub const fn sees_prices(self) -> bool {
        match self {
            Self::Sales | Self::Finance | Self::Supervision => true,
            Self::Production | Self::Purchasing | Self::Warehouse | Self::Quality | Self::Shipping => false,
        }
    }
}
