//! What an error of PostgreSQL means: it is away, somebody was faster, it refuses what we wrote, or it is damaged.

use crate::store::StoreError;

/// What went wrong inside a transaction, which is rolled back in any case.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The database refuses what was to be written: one of the commits is to blame.
    Refuses(String),
    /// Another process wrote the same key at the same moment: looked at again, it stands there.
    Conflict(String),
    /// Two transactions stood in each other's way; nobody's fault, and it works the next time.
    Busy(String),
    /// Nobody's fault, and not to be tried again here.
    Store(StoreError),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        match class(&error) {
            Class::Refuses => Self::Refuses(error.to_string()),
            Class::Conflict => Self::Conflict(error.to_string()),
            Class::Busy => Self::Busy(error.to_string()),
            Class::Away | Class::Denied | Class::Broken => Self::Store(read_error(error)),
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
            Trouble::Conflict(why) | Trouble::Busy(why) => Self::Unavailable(why),
            Trouble::Store(error) => error,
        }
    }
}

/// The error of a statement that changed nothing.
pub(super) fn read_error(error: sqlx::Error) -> StoreError {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        let why = "no connection could be had: the database is away, or all connections are in use";
        return StoreError::Unavailable(why.to_owned());
    }
    match class(&error) {
        Class::Away | Class::Busy | Class::Conflict => StoreError::Unavailable(error.to_string()),
        Class::Denied => StoreError::Broken(format!(
            "{error}: the role lacks a right; let the tables' owner run config/postgres-roles.sql"
        )),
        Class::Refuses | Class::Broken => StoreError::Broken(error.to_string()),
    }
}

/// Whether the server answered at all: then it surely did not commit.
pub(super) fn is_refused(error: &sqlx::Error) -> bool {
    matches!(class(error), Class::Refuses | Class::Conflict | Class::Busy)
}

/// Whether another connection may work: the one at hand is gone.
pub(super) fn is_away(error: &sqlx::Error) -> bool {
    matches!(class(error), Class::Away)
}

enum Class {
    Away,
    Busy,
    Conflict,
    Refuses,
    Denied,
    Broken,
}

/// Result codes: PostgreSQL, appendix A, "PostgreSQL Error Codes".
fn class(error: &sqlx::Error) -> Class {
    if matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_)) {
        return Class::Broken;
    }
    let Some(database) = error.as_database_error() else { return Class::Away };
    let code = database.code().unwrap_or_default();
    match &*code {
        // serialization_failure, deadlock_detected, lock_not_available.
        "40001" | "40P01" | "55P03" => Class::Busy,
        // unique_violation of a primary key: what stands there was looked up before, so somebody else was faster.
        "23505" if database.constraint().is_some_and(|name| name.ends_with("_pkey")) => Class::Conflict,
        "42501" | "28000" | "28P01" => Class::Denied,
        // data_exception, integrity_constraint_violation, program_limit_exceeded (an index row that is too long), and what
        // a trigger raises.
        _ if ["22", "23", "54", "P0"].iter().any(|class| code.starts_with(class)) => Class::Refuses,
        // A table or column is missing, or a file is damaged: no commit is to blame, and none must be parked for it.
        _ if ["42", "3D", "3F", "XX", "26", "0A"].iter().any(|class| code.starts_with(class)) => {
            Class::Broken
        }
        // Connections, resources (disk full, too many connections), intervention (shutdown, statement timeout).
        _ => Class::Away,
    }
}
