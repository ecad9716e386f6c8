//! How long something will take, from how far it was and when.

use crate::protocol::RequestId;

/// Before so many milliseconds a pace says nothing.
const LEAST_MS: f64 = 2_000.0;
/// Nor before so much of it is done.
const LEAST_PART: f64 = 0.02;

/// Where something was when it was seen first.
#[derive(Clone, Copy, Debug, PartialEq)]
struct First {
    id: (u8, RequestId),
    ms: f64,
    part: f64,
}

/// The pace of what is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    first: Option<First>,
    last_part: f64,
}

impl Pace {
    /// Notes how far something is at a time, in milliseconds; returns how long it will still take, in seconds, once that can be said.
    /// What begins again from less, such as a reading after a download, has a pace of its own.
    pub fn seen(&mut self, id: (u8, RequestId), part: f64, ms: f64) -> Option<f64> {
        let is_same = self.first.is_some_and(|first| first.id == id) && part >= self.last_part;
        self.last_part = part;
        if !is_same {
            self.first = Some(First { id, ms, part });
        }
        let First { ms: begun, part: from, .. } = self.first?;
        let (elapsed, done) = (ms - begun, part - from);
        (elapsed >= LEAST_MS && done >= LEAST_PART && part < 1.0).then(|| elapsed * (1.0 - part) / done / 1e3)
    }

    /// Nothing is under way.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// "about 20 s left": as exact as an estimate may be.
pub fn remaining(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 5.0 => "a few seconds left".to_owned(),
        seconds if seconds < 57.5 => format!("about {} s left", (seconds / 5.0).round() * 5.0),
        seconds if seconds < 3_570.0 => format!("about {} min left", (seconds / 60.0).round().max(1.0)),
        seconds => format!("about {:.1} h left", seconds / 3_600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_left_in_proportion_to_what_is_left() {
        let mut pace = Pace::default();
        assert_eq!(pace.seen((0, 1), 0.1, 1_000.0), None);
        assert_eq!(pace.seen((0, 1), 0.2, 2_000.0), None, "too early to say");
        assert_eq!(pace.seen((0, 1), 0.5, 5_000.0).map(f64::round), Some(5.0));
        assert_eq!(pace.seen((0, 1), 1.0, 9_000.0), None, "it is done");
    }

    #[test]
    fn another_request_or_stage_has_its_own_pace() {
        let mut pace = Pace::default();
        pace.seen((0, 1), 0.0, 0.0);
        assert!(pace.seen((0, 1), 0.5, 4_000.0).is_some());
        assert_eq!(pace.seen((0, 1), 0.1, 5_000.0), None, "it began again");
        assert_eq!(pace.seen((0, 2), 0.6, 9_000.0), None, "this is another one");
        pace.forget();
        assert_eq!(pace, Pace::default());
    }

    #[test]
    fn what_is_left_in_words() {
        let words = [1.0, 21.0, 57.0, 58.0, 200.0, 5_400.0].map(remaining);
        let expected = [
            "a few seconds left",
            "about 20 s left",
            "about 55 s left",
            "about 1 min left",
            "about 3 min left",
            "about 1.5 h left",
        ];
        assert_eq!(words, expected);
    }
}
