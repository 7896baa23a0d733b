//! A seeded world around a room: clients of both dialects, sockets that break, a disk that is late, a server that dies.
//!
//! A seed makes a [`Plan`], and a plan always goes the same way. [`run`] checks along the way and at the end what Weft
//! promises. A failure prints the plan, which [`shrink`] has made short; saved as a file it is a test for ever.

mod calm;
mod disk;
mod plan;
mod post;
mod server;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use plan::{Op, Plan, What};
pub use world::Seen;

use world::World;

/// Takes all steps of a plan, then lets everything come to rest, kills the server, and lets it come to rest again.
///
/// # Errors
/// The first promise that was not kept.
pub fn run(plan: &Plan) -> Result<Seen, String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(plan);
        for (number, op) in plan.ops.iter().enumerate() {
            world.step(*op).map_err(|what| format!("step {number}, {op:?}: {what}"))?;
        }
        world.calm().map_err(|what| format!("at the end: {what}"))?;
        world.step(Op { what: What::Crash, who: 0, n: 0 })?;
        world.calm().map_err(|what| format!("after the last crash: {what}"))?;
        Ok(world.seen)
    }));
    outcome.unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<String>().cloned();
        let what = what.or_else(|| panic.downcast_ref::<&str>().map(|what| (*what).to_owned()));
        Err(format!("a panic: {}", what.unwrap_or_default()))
    })
}

/// The shortest plan found that still fails, and how.
#[must_use]
pub fn shrink(plan: &Plan) -> (Plan, String) {
    let mut best = plan.clone();
    let Err(mut failure) = run(plan) else { return (best, "it does not fail".into()) };
    let mut chunk = best.ops.len().div_ceil(2);
    let mut tries = 3_000;
    while chunk > 0 && tries > 0 {
        let mut at = 0;
        while at < best.ops.len() && tries > 0 {
            tries -= 1;
            let mut shorter = best.clone();
            shorter.ops.drain(at..(at + chunk).min(best.ops.len()));
            match run(&shorter) {
                Err(what) => {
                    best = shorter;
                    failure = what;
                }
                Ok(_) => at += chunk,
            }
        }
        chunk /= 2;
    }
    (best, failure)
}
