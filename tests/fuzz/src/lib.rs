//! What every fuzz target asks of the bytes it is given.

pub mod checks;
