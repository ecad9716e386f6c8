//! How long to wait for another tab that fetches the same file.

/// How long another tab may keep nothing more before its file is fetched here too, in milliseconds. A part of 8 MiB over a slow
/// line takes no longer, and neither does the longest wait that a server may ask for.
const PATIENCE_MS: f64 = 120_000.0;

/// A wait for a file that another tab fetches.
#[derive(Clone, Copy, Debug)]
pub struct OtherTab {
    n_kept: u64,
    since_ms: f64,
}

impl OtherTab {
    /// Starts waiting, at this time.
    pub fn new(now_ms: f64) -> Self {
        Self { n_kept: 0, since_ms: now_ms }
    }

    /// Whether to wait on, now that so many bytes of the file are kept. A tab that is suspended keeps nothing more.
    pub fn is_worth_waiting(&mut self, n_kept: u64, now_ms: f64) -> bool {
        if n_kept != self.n_kept {
            (self.n_kept, self.since_ms) = (n_kept, now_ms);
        }
        now_ms - self.since_ms < PATIENCE_MS
    }
}

#[cfg(test)]
mod tests {
    use super::{OtherTab, PATIENCE_MS};

    #[test]
    fn a_tab_is_waited_for_while_it_keeps_more() {
        let mut other = OtherTab::new(1_000.0);
        let mut now_ms = 1_000.0;
        for part in 1..5 {
            now_ms += PATIENCE_MS - 1.0;
            assert!(other.is_worth_waiting(part * 8, now_ms), "part {part}");
        }
        // Begun anew: that is progress too.
        assert!(other.is_worth_waiting(0, now_ms + PATIENCE_MS));
        assert!(!other.is_worth_waiting(0, now_ms + 2.0 * PATIENCE_MS), "nothing more was kept");
    }
}
