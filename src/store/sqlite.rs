//! SQLite behind the store port: WAL, full synchronisation, one writer.
