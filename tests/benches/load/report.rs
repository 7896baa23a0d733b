//! What was found: rows of server beside relay, as a table for people and JSON for machines.

use std::fmt::Write;

use serde_json::{Value, json};

/// What the server is to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Goal {
    /// Nothing is asked; the figure explains others.
    None,
    /// At least this share of the relay's figure.
    RatioAtLeast(f64),
    /// At most this many times the relay's figure.
    RatioAtMost(f64),
    /// At most this, whatever the relay does.
    AtMost(f64),
}

/// One figure of one scenario, measured a few times.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) scenario: &'static str,
    pub(crate) measure: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) goal: Goal,
    /// One value for each round, in the order measured.
    pub(crate) server: Vec<f64>,
    /// The same for the relay; empty where it has no such figure.
    pub(crate) relay: Vec<f64>,
}

impl Row {
    /// The server's figure by the relay's: the median over the rounds, so that a noisy minute spoils one pair only.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let pairs = self.server.iter().zip(&self.relay);
        median(
            &pairs
                .filter(|(_, relay)| **relay > 0.0)
                .map(|(server, relay)| server / relay)
                .collect::<Vec<_>>(),
        )
    }

    /// Whether the goal is reached; `None` when there is none, or not enough was measured to say.
    pub(crate) fn holds(&self) -> Option<bool> {
        match self.goal {
            Goal::None => None,
            Goal::RatioAtLeast(share) => self.ratio().map(|ratio| ratio >= share),
            Goal::RatioAtMost(times) => self.ratio().map(|ratio| ratio <= times),
            // The worst round counts where nothing at all may happen.
            Goal::AtMost(0.0) => self.server.iter().copied().reduce(f64::max).map(|worst| worst <= 0.0),
            Goal::AtMost(most) => median(&self.server).map(|value| value <= most),
        }
    }

    fn json(&self) -> Value {
        json!({
            "scenario": self.scenario,
            "measure": self.measure,
            "unit": self.unit,
            "goal": self.goal.to_string(),
            "server": { "median": median(&self.server), "rounds": self.server },
            "relay": { "median": median(&self.relay), "rounds": self.relay },
            "ratio": self.ratio(),
            "holds": self.holds(),
        })
    }
}

impl std::fmt::Display for Goal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Goal::None => Ok(()),
            Goal::RatioAtLeast(share) => write!(formatter, ">= {share}x"),
            Goal::RatioAtMost(times) => write!(formatter, "<= {times}x"),
            Goal::AtMost(0.0) => formatter.write_str("none"),
            Goal::AtMost(most) => write!(formatter, "<= {most}"),
        }
    }
}

/// All that one invocation found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What was measured and how, and what could not be arranged.
    pub(crate) notes: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// Scenarios that could not be measured, and why.
    pub(crate) failures: Vec<String>,
}

impl Report {
    /// True when nothing was lost and everything asked for was measured.
    pub(crate) fn sound(&self) -> bool {
        let lost = self.rows.iter().any(|row| row.goal == Goal::AtMost(0.0) && row.holds() == Some(false));
        !lost && self.failures.is_empty()
    }

    /// The table, one row a line, with the notes above and the failures below.
    pub(crate) fn table(&self) -> String {
        let head = ["scenario", "measure", "server", "relay", "ratio", "goal", ""].map(str::to_owned);
        let mut lines = vec![head];
        for row in &self.rows {
            let with_unit = |value: Option<f64>| {
                value.map_or_else(
                    || "-".into(),
                    |value| format!("{} {}", figure(value), row.unit).trim().to_owned(),
                )
            };
            let holds = row.holds().map_or("", |holds| if holds { "holds" } else { "MISSED" });
            let ratio = row.ratio().map_or_else(|| "-".into(), |ratio| format!("{ratio:.2}x"));
            lines.push([
                row.scenario.into(),
                row.measure.into(),
                with_unit(median(&row.server)),
                with_unit(median(&row.relay)),
                ratio,
                row.goal.to_string(),
                holds.into(),
            ]);
        }
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..7).map(width).collect();
        let mut text = String::new();
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        for line in &lines {
            let mut padded = String::new();
            for (column, (cell, &width)) in line.iter().zip(&widths).enumerate() {
                // Figures stand right-aligned, names left-aligned.
                let _ = match column {
                    2..=4 => write!(padded, "{cell:>width$}  "),
                    _ => write!(padded, "{cell:<width$}  "),
                };
            }
            let _ = writeln!(text, "{}", padded.trim_end());
        }
        for failure in &self.failures {
            let _ = writeln!(text, "FAILED {failure}");
        }
        text
    }

    /// Everything, every round included.
    pub(crate) fn json(&self) -> Value {
        json!({
            "notes": self.notes,
            "rows": self.rows.iter().map(Row::json).collect::<Vec<_>>(),
            "failures": self.failures,
            "sound": self.sound(),
        })
    }
}

/// The middle value; the lower of two middle ones.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

/// Three digits that matter, thousands apart.
fn figure(value: f64) -> String {
    if value.abs() >= 1_000_000.0 {
        return format!("{:.2} M", value / 1_000_000.0);
    }
    if value.abs() >= 10_000.0 {
        return format!("{:.0} k", value / 1000.0);
    }
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ if value == 0.0 => "0".into(),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(goal: Goal, server: &[f64], relay: &[f64]) -> Row {
        let (server, relay) = (server.to_vec(), relay.to_vec());
        Row { scenario: "s", measure: "m", unit: "ms", goal, server, relay }
    }

    #[test]
    fn the_ratio_is_the_median_of_the_rounds_own_ratios() {
        let row = row(Goal::RatioAtMost(2.0), &[10.0, 30.0, 12.0], &[10.0, 10.0, 10.0]);
        assert_eq!(row.ratio(), Some(1.2));
        assert_eq!(row.holds(), Some(true));
    }

    #[test]
    fn a_single_lost_update_in_any_round_fails_the_run() {
        let lost = row(Goal::AtMost(0.0), &[0.0, 1.0, 0.0], &[0.0, 0.0, 0.0]);
        assert_eq!(lost.holds(), Some(false));
        let slow = row(Goal::RatioAtMost(2.0), &[9.0], &[1.0]);
        let report = Report { rows: vec![slow.clone()], ..Report::default() };
        assert!(report.sound(), "a missed goal is shown, not an error");
        let report = Report { rows: vec![slow, lost], ..Report::default() };
        assert!(!report.sound());
        assert!(report.table().contains("MISSED"), "{}", report.table());
    }

    #[test]
    fn what_was_not_measured_is_neither_held_nor_missed() {
        assert_eq!(row(Goal::RatioAtLeast(0.5), &[1.0], &[]).holds(), None);
        assert_eq!(row(Goal::AtMost(10.0), &[], &[]).holds(), None);
        assert_eq!(row(Goal::AtMost(10.0), &[10.0], &[]).holds(), Some(true));
    }
}
