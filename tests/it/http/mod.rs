//! The way in over HTTP, health and metrics: the real program behind a real port.
//!
//! Every answer that [`office::Office::send`] gets is held against `schemas/openapi.json`.

mod office;
mod documents;
mod guards;
mod bounds;
mod health;
