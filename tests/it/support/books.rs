//! The shipped books and the sample master data, read once for all tests.

use gendan::config::{Config, User};
use gendan::decode::Engines;
use gendan::master::{Master, Tables};
use gendan::order::review::Role;
use gendan::read::limits::Limits;
use gendan::read::mail::authentic::MailAuthentication;
use gendan::read::{Labels, Reader};
use gendan::runtime::books::Books;
use gendan::runtime::import;
use gendan::store::{Commit, Index, Json, Key, Kind, Store, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The books of the lean profile: an order that proves itself passes untouched, the others wait.
pub(crate) fn lean() -> Arc<Books> {
    static BOOKS: OnceLock<Arc<Books>> = OnceLock::new();
    let open = || {
        let lean = ("GENDAN_RULES__PROFILE".to_owned(), "lean".to_owned());
        let mut config = Config::load(None, [lean]).unwrap();
        let user =
            |number| User { id: format!("user-{number}"), name: String::new(), roles: Role::ALL.to_vec() };
        config.users = (0..4).map(user).collect();
        Arc::new(Books::open(&config, engines()).unwrap())
    };
    BOOKS.get_or_init(open).clone()
}

/// Decoders, and readers of pictures, in children of the program that was built beside the tests.
pub(crate) fn engines() -> Engines {
    let config = Config::load(None, std::env::vars()).unwrap();
    Engines::of(env!("CARGO_BIN_EXE_gendan").into(), &config.recognition)
}

/// A reader with the shipped labels.
pub(crate) fn reader() -> Reader {
    let Engines { decoder, recognizer } = engines();
    assert!(recognizer.is_some(), "the models are missing: gendan models fetch");
    Reader {
        labels: Labels::built_in(),
        limits: Limits::default(),
        believed: MailAuthentication::default(),
        decoder,
        recognizer,
    }
}

/// The sample master data, indexed once.
pub(crate) fn master() -> Arc<Master> {
    static MASTER: OnceLock<Arc<Master>> = OnceLock::new();
    MASTER.get_or_init(|| Arc::new(Master::from_tables(sample_tables()))).clone()
}

/// The same firm with little material: few orders find all that their making takes.
pub(crate) fn short_of_material() -> Arc<Master> {
    static MASTER: OnceLock<Arc<Master>> = OnceLock::new();
    let read = || {
        let mut tables = sample_tables();
        for row in tables.stock.iter_mut().filter(|row| row.sku.starts_with("RM-")) {
            (row.on_hand, row.reserved) = (4000.into(), 0.into());
        }
        Arc::new(Master::from_tables(tables))
    };
    MASTER.get_or_init(read).clone()
}

fn sample_tables() -> Tables {
    let mut tables = Tables::default();
    for (name, bytes) in sample_files() {
        let imported = gendan::master::import::import(name, name, bytes).unwrap();
        tables.put(name, imported.body).unwrap();
    }
    tables
}

fn sample_files() -> &'static [(String, Vec<u8>)] {
    static FILES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/master");
    FILES.get_or_init(|| import::read_folder(&folder).unwrap())
}

/// Says to the store that version 1 of the master data is in force, without writing all of it: see [`master`] and
/// [`short_of_material`].
pub(crate) async fn mark_imported(store: &dyn Store) {
    let key = Key::new(Kind::Master, gendan::runtime::master::VERSION);
    let write = Write { key, was: 0, now: 1, body: Json::of(&()), index: Index::default() };
    store.commit(vec![Commit { writes: vec![write], ..Commit::default() }]).await.unwrap();
}
