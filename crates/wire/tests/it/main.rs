//! What the crate promises, against the document engine and against captured bytes.

mod awareness;
mod corpus;
mod frames;
mod hostile;
mod mutations;
mod weaving;
mod world;
mod worlds;
