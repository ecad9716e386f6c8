//! Counts what test runners say they passed and failed. Pure: text in, numbers out.

/// Tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
}

impl Count {
    /// One thing that passed or failed as a whole.
    pub fn one(passed: bool) -> Self {
        Self { passed: u64::from(passed), failed: u64::from(!passed) }
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }

    /// A runner that failed without naming a failed test (it did not compile, or crashed) counts as one failed test.
    pub fn of_runner(self, runner_passed: bool) -> Self {
        if runner_passed || self.failed > 0 { self } else { self.plus(Self::one(false)) }
    }
}

/// A closing line of cargo's or wasm-bindgen's test runner: `test result: ok. 3 passed; 0 failed; ...`.
pub fn rust_result(line: &str) -> Option<Count> {
    let numbers = line.trim().strip_prefix("test result:")?;
    let number_before = |word: &str| {
        let words: Vec<&str> = numbers.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
        words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse::<u64>().ok())
    };
    Some(Count { passed: number_before("passed")?, failed: number_before("failed")? })
}

/// The closing line of pytest: `2 failed, 123 passed, 1 warning in 76.22s`.
pub fn pytest_result(line: &str) -> Option<Count> {
    let (numbers, _) = line.rsplit_once(" in ").filter(|(_, seconds)| seconds.trim_end().contains('s'))?;
    let number_of = |word: &str| {
        let found = numbers.split(", ").find_map(|part| part.trim().strip_suffix(word)?.trim().parse::<u64>().ok());
        found.unwrap_or(0)
    };
    let count =
        Count { passed: number_of("passed"), failed: number_of("failed") + number_of("error") + number_of("errors") };
    (count != Count::default()).then_some(count)
}

/// The closing lines of node's test runner in TAP: `# pass 3`, `# fail 0`, `# cancelled 0`.
pub fn tap_result(tap: &str) -> Option<Count> {
    let number_after = |word: &str| {
        tap.lines().rev().find_map(|line| line.strip_prefix("# ")?.strip_prefix(word)?.trim().parse::<u64>().ok())
    };
    let failed = number_after("fail ")? + number_after("cancelled ").unwrap_or(0);
    Some(Count { passed: number_after("pass ")?, failed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(passed: u64, failed: u64) -> Count {
        Count { passed, failed }
    }

    #[test]
    fn pytest_lines() {
        let cases = [
            ("25 passed in 0.33s", Some(count(25, 0))),
            ("2 failed, 123 passed, 1 warning in 76.22s (0:01:16)", Some(count(123, 2))),
            ("1 error in 0.10s", Some(count(0, 1))),
            ("...F.... [ 57%]", None),
            ("no tests ran in 0.01s", None),
        ];
        for (line, expected) in cases {
            assert_eq!(pytest_result(line), expected, "{line}");
        }
    }

    #[test]
    fn rust_lines() {
        let cases = [
            (
                "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
                Some(count(12, 0)),
            ),
            ("test result: FAILED. 1 passed; 2 failed; 0 ignored", Some(count(1, 2))),
            ("test result: ok. 3 passed; 0 failed; 0 ignored; 0 filtered out", Some(count(3, 0))),
            ("test trace::tests::names ... ok", None),
            ("running 3 tests", None),
        ];
        for (line, expected) in cases {
            assert_eq!(rust_result(line), expected, "{line}");
        }
    }

    #[test]
    fn tap_lines() {
        let tap = "ok 1 - a\n1..1\n# tests 4\n# suites 0\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 0\n";
        assert_eq!(tap_result(tap), Some(count(2, 2)));
        assert_eq!(tap_result("TAP version 13\n"), None);
    }

    #[test]
    fn a_crash_is_one_failure() {
        assert_eq!(count(3, 0).of_runner(false), count(3, 1));
        assert_eq!(count(3, 1).of_runner(false), count(3, 1));
        assert_eq!(count(3, 0).of_runner(true), count(3, 0));
    }
}
