//! The shipped books and the sample master data, read once for all tests.

use gendan::config::{Config, User};
use gendan::order::review::Role;
use gendan::runtime::books::Books;
use gendan::runtime::import;
use gendan::store::Store;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The books of the lean profile: an order that proves itself passes untouched, the others wait.
pub(crate) fn lean() -> Arc<Books> {
    static BOOKS: OnceLock<Arc<Books>> = OnceLock::new();
    let open = || {
        let lean = ("GENDAN_RULES__PROFILE".to_owned(), "lean".to_owned());
        let mut config = Config::load(None, [lean]).unwrap();
        let user = |number| User { id: format!("user-{number}"), name: String::new(), roles: Role::ALL.to_vec() };
        config.users = (0..4).map(user).collect();
        Arc::new(Books::open(&config).unwrap())
    };
    BOOKS.get_or_init(open).clone()
}

/// Imports the sample master data.
pub(crate) async fn import_samples(store: &dyn Store) {
    static FILES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/master");
    let files = FILES.get_or_init(|| import::read_folder(&folder).unwrap());
    import::import(store, files.clone(), false).await.unwrap();
}
