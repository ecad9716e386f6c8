//! Links between tokens as a graph from the outcome down, and the outcome with only so many of them.

use std::cmp::Ordering;
use std::sync::Arc;

use super::AboutOutcome;
use super::listed::ListedPart;
use super::ranking::Part;
use crate::analysis::effect::restored_share;
use crate::protocol::{KeptAsked, Question};
use crate::state::requests::{Purpose, Waiting};
use crate::state::{Effect, Looked, State};
use crate::trace::{AttnKind, Stack};

/// How many links the graph has to begin with.
pub const N_LINKS: usize = 30;
/// Numbers of links that are tried, as far as there are so many.
const COUNTS: [usize; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/// What the graph shows, and what becomes of the links that are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkChoice {
    /// How many links are in the graph.
    pub n: usize,
    /// Whether a head that keeps no link at a position writes its mean over positions there rather than nothing.
    pub is_mean: bool,
}

impl Default for LinkChoice {
    fn default() -> Self {
        Self { n: N_LINKS, is_mean: false }
    }
}

/// The tokens and layers of a stack.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphStack {
    /// What names of its rows begin with; empty where there is one stack.
    pub prefix: &'static str,
    /// The tokens.
    pub labels: Vec<String>,
    /// Layers.
    pub n_layers: usize,
}

/// The links from which a way leads up to the outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkGraph {
    /// The only stack, or the encoder and the decoder above it, with a row between them.
    pub stacks: Vec<GraphStack>,
    /// Links in the order in which a falling threshold takes them in, each with the threshold from which on it belongs to the graph.
    pub links: Vec<(ListedPart, f32)>,
}

impl LinkGraph {
    /// Rows of all stacks: the stream entering each layer, and that which leaves the last.
    pub fn n_rows(&self) -> usize {
        self.stacks.iter().map(|stack| stack.n_layers + 2).sum::<usize>().saturating_sub(1)
    }

    /// Columns: the tokens of the longer text.
    pub fn n_columns(&self) -> usize {
        self.stacks.iter().map(|stack| stack.labels.len()).max().unwrap_or(0)
    }

    /// The lowest row of each stack, from the bottom.
    pub fn bases(&self) -> impl Iterator<Item = (usize, &GraphStack)> {
        let base = |base: &mut usize, stack: &GraphStack| {
            let own = *base;
            *base += stack.n_layers + 2;
            Some(own)
        };
        self.stacks.iter().scan(0, base).zip(&self.stacks)
    }

    /// The row and position that a link reads, and those that it writes to.
    pub fn ends(&self, part: &Part) -> [(usize, usize); 2] {
        let base_of = |stack: Option<Stack>| match stack {
            Some(Stack::Decoder) => self.bases().last().map_or(0, |(base, _)| base),
            _ => 0,
        };
        let from = match part.kind {
            AttnKind::CROSS => self.stacks.first().map_or(0, |encoder| encoder.n_layers),
            kind => base_of(kind.stack) + part.layer,
        };
        [(from, part.key), (base_of(part.kind.stack) + part.layer + 1, part.position)]
    }

    /// What a row is called: "L3", "output", and with two stacks "E3" and "D3".
    pub fn row_name(&self, row: usize) -> String {
        let last = self.stacks.len().saturating_sub(1);
        let name = |(at, (base, stack)): (usize, (usize, &GraphStack))| {
            let layer = row.checked_sub(base)?;
            match layer.cmp(&stack.n_layers) {
                Ordering::Less => Some(format!("{}{layer}", stack.prefix)),
                Ordering::Equal if at == last => Some("output".to_owned()),
                Ordering::Equal => Some(format!("{}-end", stack.prefix)),
                Ordering::Greater => None,
            }
        };
        self.bases().enumerate().find_map(name).unwrap_or_default()
    }

    /// The token between the stacks, over the encoder's column.
    pub fn name_between(&self, row: usize, column: usize) -> Option<&str> {
        let [encoder, _] = &self.stacks[..] else { return None };
        (row == encoder.n_layers + 1).then(|| encoder.labels.get(column).map(String::as_str)).flatten()
    }
}

/// The outcome with only some links.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptNumbers {
    about: AboutOutcome,
    /// Whether heads without a link write their mean.
    pub is_mean: bool,
    /// With all links.
    pub outcome: f32,
    /// With none.
    pub none: f32,
    /// How many are kept, the outcome with these alone, and with all but these.
    pub points: Vec<(usize, [f32; 2])>,
}

impl KeptNumbers {
    /// How much of the outcome is there, F; nothing where all links and none make hardly a difference.
    pub fn share(&self, outcome: f32) -> Option<f32> {
        restored_share(self.outcome, self.none, outcome)
    }

    /// F of the links that are kept and of the rest, over their number; nothing where F has no value.
    pub fn shares(&self) -> Option<Vec<(usize, [f32; 2])>> {
        let point = |(count, [own, rest]): &(usize, [f32; 2])| Some((*count, [self.share(*own)?, self.share(*rest)?]));
        self.points.iter().map(point).collect()
    }

    /// What a head does at a position of which no link is kept.
    pub fn ablation(&self) -> &'static str {
        if self.is_mean { "writes its mean over the text’s positions" } else { "writes nothing" }
    }
}

impl State {
    /// The graph of the links that are ranked; nothing before they are estimated.
    pub fn link_graph(&self) -> Option<LinkGraph> {
        let (ranking, shown) = (self.ranking()?, self.shown.as_ref()?);
        let trial = self.trial();
        let part = |index: usize| self.listed_part(ranking, index, trial.and_then(|trial| trial.exact(index)));
        let links = ranking.graph()?.iter().map(|link| (part(link.index), link.enters_at)).collect();
        let stack = |prefix: &'static str, kind: AttnKind| GraphStack {
            prefix,
            labels: shown.labels_in(kind).0.iter().map(|label| label.plain.clone()).collect(),
            n_layers: shown.spec.of_stack(kind.stack).n_layers,
        };
        let stacks = match shown.spec.encoder {
            None => vec![stack("L", AttnKind::ONLY)],
            Some(_) => vec![stack("E", AttnKind::ENCODER), stack("D", AttnKind::DECODER)],
        };
        Some(LinkGraph { stacks, links })
    }

    /// Why the outcome with only some links cannot be asked for.
    pub fn kept_problem(&self) -> Option<&'static str> {
        self.estimates_problem(self.matters.choice.ranked.part())
    }

    pub(super) fn keep_links(&mut self, effects: &mut Vec<Effect>) {
        let (Some(graph), Some(ranking), None) = (self.link_graph(), self.ranking(), self.kept_problem()) else {
            return;
        };
        let LinkChoice { n, is_mean } = self.matters.links;
        let n_all = graph.links.len();
        let mut counts: Vec<usize> = COUNTS.into_iter().filter(|count| *count < n_all).collect();
        counts.extend([n.min(n_all), n_all]);
        counts.sort_unstable();
        counts.dedup();
        let counts = counts.into_iter().map(|count| count as u32).collect();
        let links = graph.links.iter().map(|(listed, _)| ranking.link(&listed.part)).collect();
        self.matters.kept.forgive();
        self.ask(Question::Kept(KeptAsked { links, counts, is_mean, outcome: self.editing.asked.clone() }), effects);
    }

    /// The outcome with only some links, of the present result and outcome.
    pub fn kept_links(&self) -> Option<&Arc<KeptNumbers>> {
        let about = self.about_kept()?;
        self.matters.kept.value().filter(|kept| kept.about == about)
    }

    /// The present result and outcome, whichever attention is on screen.
    fn about_kept(&self) -> Option<AboutOutcome> {
        let (looked, outcome) = self.about_outcome()?;
        Some((Looked { kind: AttnKind::ONLY, ..looked }, outcome))
    }

    pub(in crate::state) fn kept_came(&mut self, asked: KeptAsked, values: &[f32]) {
        let Some(about) = self.about_kept() else { return };
        let (counts, is_mean, about) = (asked.counts.clone(), asked.is_mean, (about.0, asked.outcome.clone()));
        let purpose = Purpose::Question(Question::Kept(asked));
        match values {
            [outcome, none, points @ ..] if points.len() == 2 * counts.len() => {
                let pairs = points.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
                let points = counts.into_iter().map(|count| count as usize).zip(pairs).collect();
                let kept = KeptNumbers { about, is_mean, outcome: *outcome, none: *none, points };
                self.matters.kept.fill(purpose, Arc::new(kept));
            }
            _ => {
                let problem = "The outcomes with some links arrived in an unexpected shape.".to_owned();
                self.matters.kept.give_up(&purpose, Some(problem));
            }
        }
    }

    /// The links of the graph with the thresholds from which on they belong to it, as CSV.
    pub fn graph_csv(&self) -> Option<String> {
        let line = |(listed, enters_at): &(ListedPart, f32)| {
            let (part, estimate) = (listed.part, listed.estimate);
            let place = format!("{},{},{},{}", part.layer, part.head, part.position, part.key);
            format!("{},{place},{estimate},{enters_at}\r\n", part.kind.label().to_lowercase())
        };
        let lines: String = self.link_graph()?.links.iter().map(line).collect();
        Some(format!("attention,layer,head,query,key,estimate,enters_at\r\n{lines}"))
    }

    /// The outcome with so many links, as CSV.
    pub fn kept_csv(&self) -> Option<String> {
        let kept = self.kept_links()?;
        let share = |value: f32| kept.share(value).map(|share| share.to_string()).unwrap_or_default();
        let ablation = if kept.is_mean { "mean" } else { "zero" };
        let line = |(count, [own, rest]): &(usize, [f32; 2])| {
            format!("{count},{ablation},{own},{},{rest},{}\r\n", share(*own), share(*rest))
        };
        let none = (0, [kept.none, kept.outcome]);
        let lines: String = [none].iter().chain(&kept.points).map(line).collect();
        Some(format!("kept,ablation,outcome,share,outcome_of_rest,share_of_rest\r\n{lines}"))
    }
}
