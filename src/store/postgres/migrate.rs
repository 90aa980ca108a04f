//! Brings the tables up to date when the process starts.
//!
//! Several processes may start at once: one migrates under a lock in the database, the others wait and find it done. Where
//! nothing is to be done no right to change tables is needed. Migrations that this program does not know were made by a newer
//! one, whose migrations only add: they are let be, so that machines can be brought up to date one by one.

use super::error::read_error;
use super::settings::PostgresSettings;
use crate::store::StoreError;
use crate::store::convert::broken;
use sqlx::Connection as _;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgConnection;
use std::collections::HashMap;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

const SERVER: &str = "select current_setting('server_version_num')::int8, current_setting('server_encoding')";
const IS_NEW: &str = "select to_regclass('_sqlx_migrations') is null";
const APPLIED: &str = "select version, checksum from _sqlx_migrations where success";
const OLDEST: i64 = 140_000;

pub(super) async fn migrate(settings: &PostgresSettings) -> Result<(), StoreError> {
    let mut connection = settings.one().await?;
    let (version, encoding): (i64, String) =
        sqlx::query_as(SERVER).fetch_one(&mut connection).await.map_err(read_error)?;
    if version < OLDEST || encoding != "UTF8" {
        return Err(broken(format!(
            "{} is a PostgreSQL {} with {encoding}; 14 or later and UTF8 are needed",
            settings.place(),
            version / 10_000
        )));
    }
    if is_up_to_date(&mut connection).await? {
        connection.close().await.map_err(read_error)?;
        return Ok(());
    }
    let mut migrator = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
    migrator.set_ignore_missing(true);
    let done = migrator.run_direct(None, &mut connection, false).await;
    done.map_err(|error| failed(settings, error))?;
    connection.close().await.map_err(read_error)
}

async fn is_up_to_date(connection: &mut PgConnection) -> Result<bool, StoreError> {
    if sqlx::query_scalar(IS_NEW).fetch_one(&mut *connection).await.map_err(read_error)? {
        return Ok(false);
    }
    let rows: Vec<(i64, Vec<u8>)> =
        sqlx::query_as(APPLIED).fetch_all(connection).await.map_err(read_error)?;
    let applied: HashMap<i64, Vec<u8>> = rows.into_iter().collect();
    // One that was edited after it was applied is told of by the migrator.
    Ok(MIGRATIONS.iter().all(|it| applied.get(&it.version).is_some_and(|sum| **sum == *it.checksum)))
}

fn failed(settings: &PostgresSettings, error: MigrateError) -> StoreError {
    let place = settings.place();
    if let MigrateError::VersionMismatch(version) = error {
        return broken(format!(
            "{place}: migration {version} is not the one that this program knows; it is no database of gendan, or of \
             a version that was never released"
        ));
    }
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return broken(format!("{place}: {error}"));
    };
    if error.as_database_error().and_then(|it| it.code()).is_some_and(|code| code == "42501") {
        return broken(format!(
            "{place}: the tables have to be brought up to date, and this user may not: {error}; start gendan once as \
             the user that owns them (config/postgres-roles.sql)"
        ));
    }
    match read_error(error) {
        StoreError::Unavailable(why) => StoreError::Unavailable(format!("{place}: {why}")),
        error @ (StoreError::Unknown(_) | StoreError::Broken(_)) => broken(format!("{place}: {error}")),
    }
}
