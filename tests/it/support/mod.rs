//! What several rooms' tests share: clocks, makers of test data, the fakes.

pub(crate) mod blobs;
pub(crate) mod books;
pub(crate) mod clock;
pub(crate) mod make;
pub(crate) mod memory;
