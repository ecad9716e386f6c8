//! A borrowed view of one layer's patterns.

/// Weights [head, query_pos, key_pos] in one slice.
#[derive(Clone, Copy, Debug)]
pub struct PatternView<'a> {
    values: &'a [f32],
    n_heads: usize,
    n_query: usize,
    n_key: usize,
}

impl<'a> PatternView<'a> {
    /// `None` when the slice does not have `n_heads · n_query · n_key` numbers.
    pub fn new(values: &'a [f32], n_heads: usize, n_query: usize, n_key: usize) -> Option<Self> {
        let fits = values.len() == n_heads.checked_mul(n_query)?.checked_mul(n_key)?;
        fits.then_some(Self { values, n_heads, n_query, n_key })
    }

    /// Number of heads.
    pub fn n_heads(&self) -> usize {
        self.n_heads
    }

    /// Weights of a query on each key [key_pos]; empty outside the shape.
    pub fn row(&self, head: usize, query: usize) -> &'a [f32] {
        if head >= self.n_heads || query >= self.n_query {
            return &[];
        }
        let start = (head * self.n_query + query) * self.n_key;
        &self.values[start..start + self.n_key]
    }

    /// Weight of a query on a key; 0 outside the shape.
    pub fn weight(&self, head: usize, query: usize, key: usize) -> f32 {
        self.row(head, query).get(key).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_weights() {
        let values: Vec<f32> = (0..12).map(|value| value as f32).collect();
        let view = PatternView::new(&values, 2, 2, 3).unwrap();
        assert_eq!(view.row(1, 0), [6.0, 7.0, 8.0]);
        assert_eq!(view.weight(1, 1, 2), 11.0);
        assert_eq!((view.weight(2, 0, 0), view.weight(0, 2, 0), view.weight(0, 0, 3)), (0.0, 0.0, 0.0));
        assert!(PatternView::new(&values, 2, 2, 2).is_none());
        assert!(PatternView::new(&values, usize::MAX, 2, 2).is_none());
    }
}
