//! Black-box tests, one file per behaviour.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod rooms_in_a_seeded_world;
mod trap_01_acked_means_durable;
mod trap_07_slow_consumer;
mod trap_11_order;
