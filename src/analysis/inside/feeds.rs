//! What feeds a head: the effect on an outcome of taking what a head or MLP below wrote away from what the head's query, key or value
//! reads (docs/methods.md, "What feeds a head").

/// Query, key and value.
pub const N_THROUGH: usize = 3;

/// A path from a component to a head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feed {
    /// Through the head's query, key or value: 0, 1 or 2.
    pub through: usize,
    /// The component's layer.
    pub layer: usize,
    /// The head; none for the MLP.
    pub head: Option<usize>,
    /// M without the path minus M, to first order.
    pub estimate: f64,
}

/// All paths to a head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Feeds {
    /// The outcome of the run.
    pub outcome: f64,
    /// Heads of a layer.
    pub n_heads: usize,
    /// Layers below the head.
    pub n_layers: usize,
    /// By query, key and value, then layer; each layer's heads before its MLP. [N_THROUGH, n_layers, n_heads + 1]
    pub estimates: Vec<f64>,
    /// The same for all that is read at once, embeddings and biases included.
    pub totals: [f64; N_THROUGH],
    /// The largest, with what taking the path away does exactly.
    pub tried: Vec<(Feed, f64)>,
}

impl Feeds {
    /// No paths yet from `n_layers` below.
    pub fn new(n_layers: usize, n_heads: usize) -> Self {
        let estimates = vec![0.0; N_THROUGH * n_layers * (n_heads + 1)];
        Self { n_heads, n_layers, estimates, ..Self::default() }
    }

    /// The estimate of a path.
    pub fn estimate(&mut self, through: usize, layer: usize, head: Option<usize>) -> &mut f64 {
        let row = through * self.n_layers + layer;
        &mut self.estimates[row * (self.n_heads + 1) + head.unwrap_or(self.n_heads)]
    }

    /// The paths, the largest first.
    pub fn ranked(&self) -> Vec<Feed> {
        let path = |(index, estimate): (usize, &f64)| {
            let (row, column) = (index / (self.n_heads + 1), index % (self.n_heads + 1));
            let head = (column < self.n_heads).then_some(column);
            Feed { through: row / self.n_layers, layer: row % self.n_layers, head, estimate: *estimate }
        };
        let mut all: Vec<Feed> = self.estimates.iter().enumerate().map(path).collect();
        all.sort_unstable_by(|a, b| b.estimate.abs().total_cmp(&a.estimate.abs()));
        all
    }

    /// Chooses the paths that are tried: the `n` largest through each of query, key and value.
    pub fn choose(&mut self, n: usize) {
        let (ranked, mut n_chosen) = (self.ranked(), [0; N_THROUGH]);
        let is_chosen = |feed: &Feed| {
            n_chosen[feed.through] += usize::from(feed.estimate != 0.0);
            feed.estimate != 0.0 && n_chosen[feed.through] <= n
        };
        self.tried = ranked.into_iter().filter(is_chosen).map(|feed| (feed, f64::NAN)).collect();
    }

    /// What embeddings and biases feed: what the components below leave of all.
    pub fn rest(&self, through: usize) -> f64 {
        let n = self.n_layers * (self.n_heads + 1);
        self.totals[through] - self.estimates[through * n..(through + 1) * n].iter().sum::<f64>()
    }
}
