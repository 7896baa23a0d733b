//! State vectors: how much of each client somebody knows.

use bytes::Bytes;
use weft_ids::ClientId;

use crate::scan::{self, CLOCK_MAX, ScanError};
use crate::varint::{uint_len, write_uint};

/// For each client the number of its elements that are known, from the first on. Clients of whom nothing is known are
/// not listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateVector {
    /// Ascending by client; no clock is 0.
    entries: Vec<(ClientId, u32)>,
}

impl StateVector {
    /// Scans `bytes`: `count`, then `client clock` for each. Linear, and reserves no more than a small multiple of the
    /// bytes given.
    ///
    /// # Errors
    /// [`ScanError`] says which rule the bytes break.
    pub fn scan(bytes: &[u8]) -> Result<Self, ScanError> {
        let mut entries = scan::state_vector(bytes)?;
        entries.retain(|entry| entry.1 > 0);
        entries.sort_unstable();
        Ok(Self { entries })
    }

    /// The bytes, clients descending as Yjs writes them. Empty is the single byte `00`.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let length: usize = self
            .entries
            .iter()
            .map(|(client, clock)| uint_len(client.get()) + uint_len(u64::from(*clock)))
            .sum();
        let mut out = Vec::with_capacity(uint_len(self.entries.len() as u64) + length);
        write_uint(&mut out, self.entries.len() as u64);
        for (client, clock) in self.entries.iter().rev() {
            write_uint(&mut out, client.get());
            write_uint(&mut out, u64::from(*clock));
        }
        out.into()
    }

    /// How many elements of `client` are known; 0 for a stranger.
    #[must_use]
    pub fn get(&self, client: ClientId) -> u32 {
        match self.entries.binary_search_by_key(&client, |entry| entry.0) {
            Ok(at) => self.entries[at].1,
            Err(_) => 0,
        }
    }

    /// Clients and clocks, ascending by client.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ClientId, u32)> + '_ {
        self.entries.iter().copied()
    }

    /// How many clients are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl FromIterator<(ClientId, u32)> for StateVector {
    /// The highest clock of each client, at most [`CLOCK_MAX`].
    fn from_iter<I: IntoIterator<Item = (ClientId, u32)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().filter(|entry| entry.1 > 0).collect();
        entries.sort_unstable_by(|a, b| (a.0, b.1).cmp(&(b.0, a.1)));
        entries.dedup_by_key(|entry| entry.0);
        for entry in &mut entries {
            entry.1 = entry.1.min(CLOCK_MAX);
        }
        Self { entries }
    }
}
