//! No way out: for a house that only rehearses.

use super::{NotSent, Outlet};
use crate::order::message::Message;
use async_trait::async_trait;

/// An outlet that has no other side.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

#[async_trait]
impl Outlet for Nowhere {
    fn idempotent(&self) -> bool {
        true
    }

    async fn send(&self, _message: &Message, _destination: &str) -> Result<(), NotSent> {
        Err(NotSent::Never("nothing leaves a rehearsal".to_owned()))
    }
}
