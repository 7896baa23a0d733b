//! The world under test: a simulated one around a room, and a real server process with scripted clients.

pub mod client;
pub mod dice;
pub mod http;
pub mod replica;
pub mod server;
pub mod simulation;
pub mod socket;
pub mod team;
