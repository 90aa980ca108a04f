//! The worker around the pure core: consume, step, commit, acknowledge; outbox, timers, clean stop.

pub mod clock;
