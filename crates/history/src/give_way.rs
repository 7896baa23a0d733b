//! Work on a past lets whoever types go first.

use std::cell::Cell;
use std::thread;

/// Steps between two offers of the core: some tens of microseconds.
const STEPS: u32 = 64;

thread_local!(static TAKEN: Cell<u32> = const { Cell::new(0) });

/// Counts one step of work (a record taken in, a run looked at) and offers the core to others every [`STEPS`]. The scheduler
/// alone would let a thread like this one have it for milliseconds, at each of the hops that an edit makes to the disk
/// and back.
pub(crate) fn step() {
    let taken = TAKEN.get().wrapping_add(1);
    TAKEN.set(taken);
    if taken.is_multiple_of(STEPS) {
        thread::yield_now();
    }
}
