//! The direction of dependencies, read off the manifests: who may name what.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A dependency that stands (outside dev-dependencies) in no other manifest than these.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("yrs", &["weft-doc", "weft-tests"]),
    ("sled", &["weft-store-sled"]),
    ("axum", &["weft"]),
    ("weft-store-sled", &["weft", "weft-tests"]),
];

/// Crates without a clock, a socket, a task, a random number or a lock, so without what brings one.
const PURE: &[&str] = &["weft-ids", "weft-wire", "weft-doc", "weft-access", "weft-room"];
const NOT_IN_PURE: &[&str] = &["tokio", "tokio-util", "hyper", "rand", "getrandom"];

/// Ours, lowest first: a crate names only crates of a lower rank.
const RANKS: &[(&str, u8)] = &[
    ("weft-ids", 0),
    ("weft-wire", 1),
    ("weft-doc", 2),
    ("weft-access", 1),
    ("weft-store", 1),
    ("weft-store-sled", 2),
    ("weft-store-jetstream", 2),
    ("weft-room", 3),
    ("weft-hub", 4),
    ("weft-history", 5),
    ("weft-wiki", 6),
    ("weft", 7),
    ("weft-tests", 8),
    ("weft-xtask", 0),
];

/// Every breach, as a sentence; empty when the direction holds.
pub(crate) fn breaches(root: &Path) -> Result<Vec<String>> {
    let packages = packages(root)?;
    let mut breaches = Vec::new();
    for package in &packages {
        breaches.extend(package.breaches());
    }
    for (rule, _) in RANKS.iter().filter(|(name, _)| PURE.contains(name)) {
        ensure!(packages.iter().any(|package| package.name == *rule), "there is no crate {rule} any more");
    }
    Ok(breaches)
}

struct Package {
    name: String,
    dependencies: BTreeSet<String>,
}

impl Package {
    fn breaches(&self) -> Vec<String> {
        let name = self.name.as_str();
        let mut breaches = Vec::new();
        for (dependency, allowed) in ONLY_IN {
            if self.dependencies.contains(*dependency) && !allowed.contains(&name) {
                breaches.push(format!("{name} names {dependency}, which is for {} only", allowed.join(", ")));
            }
        }
        if PURE.contains(&name) {
            for impure in NOT_IN_PURE.iter().filter(|impure| self.dependencies.contains(**impure)) {
                breaches.push(format!("{name} does no IO and knows no clock, but names {impure}"));
            }
        }
        let Some(own) = rank(name) else {
            breaches.push(format!("{name} has no rank yet: add it to crates/xtask/src/architecture.rs"));
            return breaches;
        };
        for dependency in &self.dependencies {
            if let Some(other) = rank(dependency)
                && other >= own
            {
                breaches.push(format!("{name} names {dependency}, but dependencies point down only"));
            }
        }
        breaches
    }
}

fn rank(name: &str) -> Option<u8> {
    RANKS.iter().find(|(ranked, _)| *ranked == name).map(|(_, rank)| *rank)
}

/// The workspace's packages with what they depend on outside tests.
fn packages(root: &Path) -> Result<Vec<Package>> {
    let metadata = metadata(root)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists packages")?;
    Ok(packages
        .iter()
        .map(|package| Package {
            name: package["name"].as_str().unwrap_or_default().to_owned(),
            dependencies: package["dependencies"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
                .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
                .collect(),
        })
        .collect())
}

/// What `cargo metadata` says of the workspace alone.
pub(crate) fn metadata(root: &Path) -> Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root)
        .output()
        .context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("cargo metadata is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        let dependencies = dependencies.iter().map(|dependency| (*dependency).to_owned()).collect();
        Package { name: name.to_owned(), dependencies }
    }

    #[test]
    fn a_second_user_of_yrs_is_a_breach() {
        assert!(package("weft-doc", &["yrs"]).breaches().is_empty());
        let breaches = package("weft-room", &["yrs"]).breaches();
        assert_eq!(breaches, ["weft-room names yrs, which is for weft-doc, weft-tests only"]);
    }

    #[test]
    fn a_clock_in_the_room_is_a_breach() {
        assert_eq!(package("weft-room", &["tokio"]).breaches().len(), 1);
        assert!(package("weft-hub", &["tokio"]).breaches().is_empty());
    }

    #[test]
    fn a_dependency_that_points_up_is_a_breach() {
        assert_eq!(package("weft-store", &["weft-hub"]).breaches().len(), 1);
        assert_eq!(package("weft-store", &["weft-access"]).breaches().len(), 1);
        assert!(package("weft-hub", &["weft-store", "weft-room"]).breaches().is_empty());
    }

    #[test]
    fn a_crate_that_nobody_ranked_is_a_breach() {
        assert_eq!(package("weft-utils", &[]).breaches().len(), 1);
    }
}
