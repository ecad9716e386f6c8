//! The tokens with the largest logits, of a vocabulary that comes in pieces.

/// The largest so far.
#[derive(Clone, Debug)]
pub struct Top {
    n_top: usize,
    /// By logit, the largest first, of equal ones the lower id.
    best: Vec<(u32, f32)>,
}

impl Top {
    /// For so many tokens.
    pub fn new(n_top: usize) -> Self {
        Self { n_top, best: Vec::with_capacity(n_top + 1) }
    }

    /// Adds the logits of tokens from `first_id` on.
    pub fn add(&mut self, first_id: u32, logits: impl Iterator<Item = f32>) {
        for (id, logit) in (first_id..).zip(logits) {
            let is_full = self.best.len() == self.n_top;
            if is_full && self.best.last().is_none_or(|last| logit <= last.1) {
                continue;
            }
            let at = self.best.partition_point(|(_, other)| *other >= logit);
            if is_full {
                self.best.pop();
            }
            self.best.insert(at, (id, logit));
        }
    }

    /// Ids with their logits, the largest first.
    pub fn best(&self) -> &[(u32, f32)] {
        &self.best
    }
}
