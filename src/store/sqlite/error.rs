//! What an error of SQLite means: the file is away, it refuses what we wrote, or it is damaged.

use crate::store::StoreError;

/// What went wrong inside a transaction, which is rolled back in any case.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The database refuses what was to be written: one of the commits is to blame.
    Refuses(String),
    /// Nobody's fault.
    Store(StoreError),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        match class(&error) {
            Class::Refuses => Self::Refuses(error.to_string()),
            Class::Away | Class::Broken => Self::Store(read_error(error)),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refuses(why) => Self::Broken(why),
            Trouble::Store(error) => error,
        }
    }
}

/// The error of a statement that changed nothing.
pub(super) fn read_error(error: sqlx::Error) -> StoreError {
    match class(&error) {
        Class::Away => StoreError::Unavailable(error.to_string()),
        Class::Refuses | Class::Broken => StoreError::Broken(error.to_string()),
    }
}

/// Whether another connection holds the write lock.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary(error), Some(5 | 6))
}

enum Class {
    Away,
    Refuses,
    Broken,
}

/// Result codes: <https://www.sqlite.org/rescode.html>.
fn class(error: &sqlx::Error) -> Class {
    match primary(error) {
        // TOOBIG, CONSTRAINT, MISMATCH, RANGE: about the values.
        Some(18 | 19 | 20 | 25) => Class::Refuses,
        // ERROR (a table is missing: no commit is to blame, and none must be parked for it), CORRUPT, AUTH, FORMAT, NOTADB.
        Some(1 | 11 | 23 | 24 | 26) => Class::Broken,
        Some(_) => Class::Away,
        None if matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => Class::Broken,
        None => Class::Away,
    }
}

fn primary(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}
