//! A database for a while: for the bench and for tests.

use super::error::read_error;
use crate::store::StoreError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use std::str::FromStr as _;

/// A new, empty database beside the one that is named.
pub struct Scratch {
    server: PgConnectOptions,
    name: String,
    url: String,
}

impl Scratch {
    /// Makes it; `url` names a database of the same server to which its user may add others.
    #[expect(clippy::disallowed_methods, reason = "the name must be new each time; nothing is decided by it")]
    pub async fn create(url: &str) -> Result<Self, StoreError> {
        let server = PgConnectOptions::from_str(url).map_err(read_error)?.disable_statement_logging();
        let name = format!("gendan_{}", uuid::Uuid::new_v4().simple());
        let at = url.split('?').next().and_then(|url| url.rfind('/')).unwrap_or(url.len());
        let options = url.find('?').map_or("", |at| &url[at..]);
        let scratch = Self { url: format!("{}/{name}{options}", &url[..at]), server, name };
        scratch.on_server(&format!("create database {}", scratch.name)).await?;
        Ok(scratch)
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Bytes of its tables and indexes.
    pub async fn bytes(&self) -> Result<u64, StoreError> {
        let mut connection = self.connect().await?;
        let size = sqlx::query_scalar::<_, i64>("select pg_database_size($1)")
            .bind(&self.name)
            .fetch_one(&mut connection)
            .await;
        Ok(u64::try_from(size.map_err(read_error)?).unwrap_or(0))
    }

    /// Removes it, whoever is connected.
    pub async fn remove(self) -> Result<(), StoreError> {
        self.on_server(&format!("drop database if exists {} with (force)", self.name)).await
    }

    async fn connect(&self) -> Result<PgConnection, StoreError> {
        self.server.connect().await.map_err(read_error)
    }

    /// The name is ours: hexadecimal.
    async fn on_server(&self, sql: &str) -> Result<(), StoreError> {
        let mut connection = self.connect().await?;
        let done = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await;
        done.map_err(read_error)?;
        connection.close().await.map_err(read_error)
    }
}
