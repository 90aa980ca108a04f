//! How to reach the database, and what each connection is told.

use super::error::read_error;
use crate::store::StoreError;
use crate::store::convert::broken;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};
use std::fmt;
use std::str::FromStr as _;
use std::time::Duration;

/// Where the database is, and how much of it is used.
#[derive(Clone)]
pub struct PostgresSettings {
    /// `postgres://user:password@host:5432/database`, with `?sslmode=verify-full` and the like where needed A server on the
    /// same machine is reached fastest through its socket, `postgres://user@%2Fvar%2Frun%2Fpostgresql/database`: the driver
    /// (sqlx 0.9.0) leaves Nagle's algorithm on, so that a great statement over TCP may wait 40 ms for an acknowledgement.
    pub url: String,
    /// Instead of one in the URL.
    pub password: Option<String>,
    /// Connections at most.
    pub pool: u32,
    /// Name of this process in `pg_stat_activity`.
    pub name: String,
    /// Tell those who listen when a commit sends messages: for processes that have no relay of their own.
    pub notify: bool,
    /// How long to wait for a connection, be it a free one or a new one.
    pub connect: Duration,
}

impl PostgresSettings {
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            password: None,
            pool: 8,
            name: "gendan".to_owned(),
            notify: false,
            connect: Duration::from_secs(5),
        }
    }

    fn options(&self) -> Result<PgConnectOptions, StoreError> {
        let wrong = || {
            broken("the database's URL can't be read; it should look like postgres://user@host:5432/database")
        };
        if !self.url.starts_with("postgres://") && !self.url.starts_with("postgresql://") {
            return Err(wrong());
        }
        let options = PgConnectOptions::from_str(&self.url).map_err(|_| wrong())?;
        let options = match &self.password {
            Some(password) => options.password(password),
            None => options,
        };
        Ok(options.application_name(&self.name).disable_statement_logging())
    }

    /// Where it is, without the password.
    pub(super) fn place(&self) -> String {
        self.options().map_or_else(
            |_| "the database".to_owned(),
            |it| {
                let database = it.get_database().unwrap_or(it.get_username());
                format!("postgres://{}@{}:{}/{database}", it.get_username(), it.get_host(), it.get_port())
            },
        )
    }

    /// One connection without limits, for migrations; says what to do when there is none.
    pub(super) async fn one(&self) -> Result<PgConnection, StoreError> {
        let options = self.options()?.options([("lock_timeout", "5min")]);
        match tokio::time::timeout(self.connect, options.connect()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(self.unusable(error)),
            Err(_) => Err(StoreError::Unavailable(format!(
                "{} does not answer within {} s; is the address right?",
                self.place(),
                self.connect.as_secs()
            ))),
        }
    }

    fn unusable(&self, error: sqlx::Error) -> StoreError {
        let place = self.place();
        let code = error.as_database_error().and_then(|it| it.code()).unwrap_or_default().into_owned();
        match code.as_str() {
            "28P01" | "28000" => broken(format!(
                "{place} refuses this user: {error}; check the user, the password and the server's pg_hba.conf"
            )),
            "3D000" => broken(format!("{place}: there is no such database; make it with createdb")),
            "" => StoreError::Unavailable(format!(
                "{place} can't be reached: {error}; does the server run, and is the address right?"
            )),
            _ => StoreError::Unavailable(format!("{place}: {}", read_error(error))),
        }
    }

    pub(super) fn pool(&self) -> Result<PgPool, StoreError> {
        let options = self.options()?.options([
            // Nothing of ours takes that long, unless it says so (reports).
            ("statement_timeout", "30s"),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "30s"),
            // Every statement finds its rows by key, however full the tables were when it was planned; a plan made on
            // an empty table must not read a full one from end to end.
            ("plan_cache_mode", "force_generic_plan"),
            ("enable_seqscan", "off"),
            ("enable_bitmapscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("jit", "off"),
        ]);
        Ok(PgPoolOptions::new()
            .max_connections(self.pool)
            .acquire_timeout(self.connect)
            .idle_timeout(Duration::from_secs(300))
            .max_lifetime(Duration::from_secs(3_600))
            .test_before_acquire(false)
            // A connection is looked at when it comes back; after a while once more before it is used.
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for > Duration::from_secs(1) {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options))
    }
}

/// Never the password, and nothing of the URL but where it leads.
impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSettings")
            .field("place", &self.place())
            .field("pool", &self.pool)
            .field("name", &self.name)
            .field("notify", &self.notify)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_never_shown() {
        let mut settings = PostgresSettings::new("postgres://worker:s3cret@db:5433/orders?sslmode=require");
        settings.password = Some("s3cret".to_owned());
        let shown = format!("{settings:?}");
        assert!(!shown.contains("s3cret") && shown.contains("postgres://worker@db:5433/orders"), "{shown}");
        let wrong = PostgresSettings::new("mysql://worker:s3cret@db/orders");
        let error = wrong.pool().unwrap_err().to_string();
        assert!(!error.contains("s3cret") && error.contains("postgres://user@host"), "{error}");
    }
}
