//! Rooms in a world where everything goes wrong that can, the same way for the same seed.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use weft_tests::simulation::{Plan, Seen, run, shrink};

/// How many steps a seed makes.
const STEPS: usize = 400;
/// Seeds that are tried each time; `WEFT_SEEDS=20000` or `WEFT_SEEDS=3000..4000` tries others.
const SEEDS: u64 = 300;

#[test]
fn every_seed_keeps_every_promise() {
    let seeds = seeds();
    let next = AtomicU64::new(seeds.start);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let (seen, failed) = std::thread::scope(|scope| {
        let work = || {
            let (mut seen, mut failed) = (Vec::new(), None);
            while failed.is_none() {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    break;
                }
                match run(&Plan::of(seed, STEPS)) {
                    Ok(went_through) => seen.push(went_through),
                    Err(_) => failed = Some(seed),
                }
            }
            (seen, failed)
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let outcomes = workers.into_iter().map(|worker| worker.join().unwrap());
        outcomes.fold((Vec::new(), None), |mut all, (seen, failed)| {
            all.0.extend(seen);
            (all.0, all.1.or(failed))
        })
    });
    if let Some(seed) = failed {
        let (plan, failure) = shrink(&Plan::of(seed, STEPS));
        panic!("seed {seed}: {failure}\nthe plan, made short:\n{plan}");
    }
    went_through_enough(&seen);
}

/// A world in which nothing happens proves nothing.
#[expect(clippy::print_stdout, reason = "for whoever runs it by hand")]
fn went_through_enough(seen: &[Seen]) {
    let sum = |of: fn(&Seen) -> u64| seen.iter().map(of).sum::<u64>();
    let worlds = seen.len() as u64;
    println!(
        "{worlds} worlds, {} steps: {} merged, {} known, {} gaps, {} aside, {} refused, {} resyncs, {} forgers, {} crashes",
        sum(|seen| seen.steps),
        sum(|seen| seen.counts.merged),
        sum(|seen| seen.counts.known),
        sum(|seen| seen.counts.gaps),
        sum(|seen| seen.counts.aside),
        sum(|seen| seen.counts.refused),
        sum(|seen| seen.counts.resyncs),
        sum(|seen| seen.forgers),
        sum(|seen| seen.crashes),
    );
    if worlds >= 100 {
        assert!(sum(|seen| seen.counts.merged) > 20 * worlds);
        assert!(sum(|seen| seen.crashes) > worlds);
        for rare in [
            |seen: &Seen| seen.counts.gaps,
            |seen: &Seen| seen.counts.aside,
            |seen: &Seen| seen.counts.refused,
            |seen: &Seen| seen.counts.resyncs,
            |seen: &Seen| seen.forgers,
        ] {
            assert!(sum(rare) > worlds / 20);
        }
    }
}

fn seeds() -> std::ops::Range<u64> {
    let Ok(asked) = std::env::var("WEFT_SEEDS") else { return 0..SEEDS };
    match asked.split_once("..") {
        Some((first, end)) => first.parse().unwrap()..end.parse().unwrap(),
        None => 0..asked.parse().unwrap(),
    }
}

#[test]
fn every_plan_that_once_failed_passes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/plans");
    let mut plans: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    plans.sort();
    assert!(!plans.is_empty());
    for path in plans {
        let plan: Plan = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        if let Err(failure) = run(&plan) {
            panic!("{}: {failure}", path.display());
        }
    }
}

#[test]
fn a_plan_reads_as_it_was_printed() {
    let plan = Plan::of(7, STEPS);
    assert_eq!(plan.to_string().parse::<Plan>().unwrap(), plan);
}
