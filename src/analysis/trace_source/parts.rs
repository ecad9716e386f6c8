//! What was read of a file lately, decoded; the oldest goes first.

use std::collections::VecDeque;
use std::sync::Arc;

/// Most bytes that are kept; what came last is kept whatever its size.
const MAX_BYTES: usize = 256 << 20;

/// Rows of tensors, each under its tensor's name and its first row, newest last.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    parts: VecDeque<(String, usize, Arc<[f32]>)>,
}

impl Parts {
    /// What starts at this row, if it is still here.
    pub fn get(&self, name: &str, first_row: usize) -> Option<Arc<[f32]>> {
        let is_it = |part: &&(String, usize, Arc<[f32]>)| part.0 == name && part.1 == first_row;
        self.parts.iter().find(is_it).map(|(_, _, values)| Arc::clone(values))
    }

    /// Keeps a part and lets the oldest ones go.
    pub fn insert(&mut self, name: String, first_row: usize, values: Arc<[f32]>) {
        self.parts.retain(|part| part.0 != name || part.1 != first_row);
        self.parts.push_back((name, first_row, values));
        while self.parts.len() > 1 && self.n_bytes() > MAX_BYTES {
            self.parts.pop_front();
        }
    }

    fn n_bytes(&self) -> usize {
        self.parts.iter().map(|(_, _, values)| size_of_val::<[f32]>(values)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_came_last() {
        let mut parts = Parts::default();
        for row in 0..5 {
            // 100 MB each: two fit.
            parts.insert("a".to_owned(), row, vec![0.0; 25_000_000].into());
        }
        let kept: Vec<bool> = (0..5).map(|row| parts.get("a", row).is_some()).collect();
        assert_eq!(kept, [false, false, false, true, true]);
        assert!(parts.get("b", 4).is_none());
        parts.insert("a".to_owned(), 4, vec![1.0].into());
        assert_eq!(parts.get("a", 4).map(|values| values.len()), Some(1));
    }
}
