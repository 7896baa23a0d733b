//! How many tests passed and failed, read off what the test runners print.

use std::ops::AddAssign;

/// Tests that ran, by how they ended.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Whose output is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runner {
    /// `cargo nextest run`: one summary line at the end.
    Nextest,
    /// `cargo test`: one result line per test binary.
    CargoTest,
    /// Vitest: one line `Tests  1 failed | 44 passed (45)`.
    Vitest,
    /// `node --test` with the spec reporter: lines `ℹ pass 9`, `ℹ fail 1`, `ℹ cancelled 0`.
    NodeTest,
    /// Runs no tests; its exit code is all there is.
    Check,
}

impl Runner {
    /// What one line of output adds to the count.
    pub(crate) fn read(self, line: &str) -> Count {
        let line = without_escapes(line);
        let words: Vec<&str> = line.split_whitespace().collect();
        match (self, words.as_slice()) {
            (Self::Nextest, ["Summary", rest @ ..]) => {
                let after = rest.iter().position(|word| *word == "run:").map_or(0, |at| at + 1);
                before_words(&rest[after..])
            }
            (Self::CargoTest, ["test", "result:", rest @ ..]) | (Self::Vitest, ["Tests", rest @ ..]) => {
                before_words(rest)
            }
            (Self::NodeTest, ["ℹ", what, number]) => match (*what, number.parse()) {
                ("pass", Ok(passed)) => Count { passed, failed: 0 },
                ("fail" | "cancelled", Ok(failed)) => Count { passed: 0, failed },
                _ => Count::default(),
            },
            _ => Count::default(),
        }
    }
}

/// `3 passed, 1 failed (2 slow)`: the number before each word that counts.
fn before_words(words: &[&str]) -> Count {
    let mut count = Count::default();
    for pair in words.windows(2) {
        let Ok(number) = pair[0].trim_start_matches('(').parse::<u64>() else { continue };
        match pair[1].trim_end_matches([',', ';', ')', '.']) {
            "passed" => count.passed += number,
            "failed" | "timed" | "exec" => count.failed += number,
            _ => {}
        }
    }
    count
}

/// A line without terminal colours.
fn without_escapes(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            for escaped in characters.by_ref() {
                if escaped.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(runner: Runner, output: &str, passed: u64, failed: u64) {
        let mut count = Count::default();
        for line in output.lines() {
            count += runner.read(line);
        }
        assert_eq!(count, Count { passed, failed });
    }

    #[test]
    fn nextest_counts_come_from_its_summary() {
        let lines = "        PASS [   0.004s] weft-ids tests::one\n\
                     ------------\n     Summary [   0.012s] 4 tests run: 3 passed (1 slow), 1 failed, 2 skipped";
        check(Runner::Nextest, lines, 3, 1);
        check(
            Runner::Nextest,
            "     Summary [  9.0s] 7/9 tests run: 4 passed, 1 failed, 2 timed out, 1 skipped",
            4,
            3,
        );
        check(Runner::Nextest, "     Summary [   0.012s] 3 tests run: 3 passed, 0 skipped", 3, 0);
    }

    #[test]
    fn cargo_test_counts_are_summed_over_binaries() {
        let lines = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured\n\
                     test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured";
        check(Runner::CargoTest, lines, 14, 3);
    }

    #[test]
    fn vitest_counts_tests_and_not_files() {
        let lines = " Test Files  1 failed | 9 passed (10)\n\u{1b}[2m      Tests \u{1b}[22m \u{1b}[31m1 failed\u{1b}[39m | \u{1b}[32m44 passed\u{1b}[39m (45)";
        check(Runner::Vitest, lines, 44, 1);
    }

    #[test]
    fn node_counts_a_cancelled_test_as_failed() {
        check(
            Runner::NodeTest,
            "ℹ tests 12\nℹ pass 9\nℹ fail 1\nℹ cancelled 2\nℹ skipped 0\nℹ gone after 33 s",
            9,
            3,
        );
    }

    #[test]
    fn a_check_counts_nothing() {
        check(Runner::Check, "test result: ok. 12 passed; 0 failed", 0, 0);
    }
}
