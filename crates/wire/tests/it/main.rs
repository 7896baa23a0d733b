//! What the crate promises, against the document engine and against captured bytes.

// Named as tests so that lints know their helpers for what they are.
#[cfg(test)]
mod awareness;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod frames;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod weaving;
#[cfg(test)]
mod world;
#[cfg(test)]
mod worlds;
