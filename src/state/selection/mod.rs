//! The selection: one value that every view shows.
//!
//! Invariant: [`Selection::clamp`] is the only place that brings a selection into a model's shape, and every change goes
//! through it.

mod reduce;

pub use reduce::SelectionEvent;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::state::RUNS_MODELS;
use crate::trace::{AttnKind, Side};

/// The sizes that a selection must fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Layers of the model.
    pub n_layers: usize,
    /// Query heads per layer.
    pub n_heads: usize,
    /// Neurons per head.
    pub d_head: usize,
    /// Rows of a pattern.
    pub n_query: usize,
    /// Columns of a pattern.
    pub n_key: usize,
}

/// A token of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenRef {
    /// The end of a weight that the token is at.
    pub side: Side,
    /// The token's position.
    pub position: usize,
}

/// A view, by the scale that it shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// Every head at once.
    Model,
    /// Token to token.
    #[default]
    Head,
    /// Inside q·k.
    Neuron,
    /// What the residual stream holds.
    Stream,
    /// Every head over a set of texts.
    Find,
}

/// Every view.
const ALL: &[View] = &[View::Model, View::Head, View::Neuron, View::Stream, View::Find];

impl View {
    /// From the whole to the part, then over many texts where the program runs models.
    pub const EACH: &'static [View] = if RUNS_MODELS { ALL } else { ALL.split_at(ALL.len() - 1).0 };

    /// Its name in links.
    pub fn name(self) -> &'static str {
        match self {
            View::Model => "model",
            View::Head => "head",
            View::Neuron => "neuron",
            View::Stream => "stream",
            View::Find => "find",
        }
    }

    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            View::Model => "Model view",
            View::Head => "Head view",
            View::Neuron => "Neuron view",
            View::Stream => "Stream view",
            View::Find => "Find view",
        }
    }
}

/// The view, layer, heads, tokens and neuron that are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The view.
    pub view: View,
    /// The attention: its stack, and the positions that it reads.
    #[serde(default)]
    pub kind: AttnKind,
    /// The layer, from zero.
    pub layer: usize,
    /// The heads; empty only until a model is known.
    pub heads: BTreeSet<usize>,
    /// Pinned query tokens.
    pub queries: BTreeSet<usize>,
    /// Pinned key tokens.
    pub keys: BTreeSet<usize>,
    /// The pinned neuron of a head.
    pub neuron: Option<usize>,
    /// The token under the pointer or the keyboard focus; never part of a link.
    #[serde(skip)]
    pub hover: Option<TokenRef>,
    /// The token at the other end, where the pointer is on a single weight; never part of a link.
    #[serde(skip)]
    pub hover_other: Option<usize>,
    /// The neuron under the pointer; never part of a link.
    #[serde(skip)]
    pub hover_neuron: Option<usize>,
}

impl Selection {
    /// Brings everything into a shape: what lies outside is moved to the nearest layer, or left out.
    pub fn clamp(&mut self, shape: &Shape) {
        self.layer = self.layer.min(shape.n_layers.saturating_sub(1));
        self.heads.retain(|&head| head < shape.n_heads);
        if self.heads.is_empty() {
            self.heads = (0..shape.n_heads).collect();
        }
        self.queries.retain(|&position| position < shape.n_query);
        self.keys.retain(|&position| position < shape.n_key);
        self.neuron = self.neuron.filter(|&neuron| neuron < shape.d_head);
        let n_tokens = |side| if side == Side::Query { shape.n_query } else { shape.n_key };
        self.hover = self.hover.filter(|token| token.position < n_tokens(token.side));
        self.hover_other =
            self.hover_other.filter(|&other| self.hover.is_some_and(|token| other < n_tokens(token.side.opposite())));
        self.hover_neuron = self.hover_neuron.filter(|&neuron| neuron < shape.d_head);
    }

    /// The one head that views of a single head show: the first of the active ones.
    pub fn head(&self) -> usize {
        self.heads.first().copied().unwrap_or(0)
    }

    /// The query whose scores are looked into: the hovered one stands in for the last one that was chosen.
    pub fn query(&self) -> Option<usize> {
        self.marked(Side::Query).last().copied()
    }

    /// The neuron that is marked: the hovered one stands in for the pinned one.
    pub fn marked_neuron(&self) -> Option<usize> {
        self.hover_neuron.or(self.neuron)
    }

    /// Adds a head, or takes it out; the last one stays.
    pub fn toggle_head(&mut self, head: usize) {
        let was_active = self.heads.remove(&head);
        if !was_active || self.heads.is_empty() {
            self.heads.insert(head);
        }
    }

    /// Selects only this head; if it is the only one already, all heads.
    pub fn solo_head(&mut self, head: usize, n_heads: usize) {
        let is_alone = self.heads.len() == 1 && self.heads.contains(&head);
        self.heads = if is_alone { (0..n_heads).collect() } else { BTreeSet::from([head]) };
    }

    /// Steps from one head to the one before or after it, around the end; from several heads to the first or last of them.
    pub fn step_head(&mut self, step: isize, n_heads: usize) {
        if n_heads == 0 {
            return;
        }
        let first = self.heads.first().copied().unwrap_or(0);
        let last = self.heads.last().copied().unwrap_or(0);
        let head = match (self.heads.len(), step < 0) {
            (1, false) => (first + 1) % n_heads,
            (1, true) => (first + n_heads - 1) % n_heads,
            (_, false) => first,
            (_, true) => last,
        };
        self.heads = BTreeSet::from([head]);
    }

    /// Pins a token, or unpins it.
    pub fn toggle_pin(&mut self, token: TokenRef) {
        let pins = match token.side {
            Side::Query => &mut self.queries,
            Side::Key => &mut self.keys,
        };
        if !pins.remove(&token.position) {
            pins.insert(token.position);
        }
    }

    /// Marks a token, and no other of its side.
    pub fn pick_token(&mut self, token: TokenRef) {
        match token.side {
            Side::Query => self.queries = [token.position].into(),
            Side::Key => self.keys = [token.position].into(),
        }
        (self.hover, self.hover_other) = (None, None);
    }

    /// Unpins every token.
    pub fn clear_tokens(&mut self) {
        self.queries.clear();
        self.keys.clear();
        (self.hover, self.hover_other) = (None, None);
    }

    /// Whether a token is pinned.
    pub fn is_pinned(&self, token: TokenRef) -> bool {
        match token.side {
            Side::Query => self.queries.contains(&token.position),
            Side::Key => self.keys.contains(&token.position),
        }
    }

    /// The tokens whose weights are shown on one side: the hovered one stands in for the pinned ones of its side.
    pub fn marked(&self, side: Side) -> Vec<usize> {
        match (self.hover, side) {
            (Some(token), _) if token.side == side => vec![token.position],
            (Some(_), _) if self.hover_other.is_some() => self.hover_other.into_iter().collect(),
            (_, Side::Query) => self.queries.iter().copied().collect(),
            (_, Side::Key) => self.keys.iter().copied().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { n_layers: 6, n_heads: 4, d_head: 8, n_query: 5, n_key: 5 };

    fn with_heads(heads: &[usize]) -> Selection {
        Selection { heads: heads.iter().copied().collect(), ..Selection::default() }
    }

    fn heads(selection: &Selection) -> Vec<usize> {
        selection.heads.iter().copied().collect()
    }

    #[test]
    fn clicks_on_heads() {
        let toggles: [(&[usize], usize, &[usize]); 3] = [(&[0, 1], 0, &[1]), (&[1], 1, &[1]), (&[1], 3, &[1, 3])];
        for (before, head, after) in toggles {
            let mut selection = with_heads(before);
            selection.toggle_head(head);
            assert_eq!(heads(&selection), after, "toggle {head} of {before:?}");
        }
        let solos: [(&[usize], usize, &[usize]); 3] = [(&[0, 1], 0, &[0]), (&[2], 1, &[1]), (&[2], 2, &[0, 1, 2, 3])];
        for (before, head, after) in solos {
            let mut selection = with_heads(before);
            selection.solo_head(head, 4);
            assert_eq!(heads(&selection), after, "solo {head} of {before:?}");
        }
        let steps: [(&[usize], isize, &[usize]); 5] =
            [(&[0], 1, &[1]), (&[3], 1, &[0]), (&[0], -1, &[3]), (&[1, 2], 1, &[1]), (&[1, 2], -1, &[2])];
        for (before, step, after) in steps {
            let mut selection = with_heads(before);
            selection.step_head(step, 4);
            assert_eq!(heads(&selection), after, "step {step} from {before:?}");
        }
    }

    #[test]
    fn a_double_click_is_two_toggles_and_a_solo() {
        for before in [vec![0, 1, 2, 3], vec![1], vec![2], vec![1, 3]] {
            let mut selection = with_heads(&before);
            selection.toggle_head(1);
            selection.toggle_head(1);
            let was_alone = before == [1];
            selection.solo_head(1, 4);
            assert_eq!(heads(&selection), if was_alone { vec![0, 1, 2, 3] } else { vec![1] }, "{before:?}");
        }
    }

    #[test]
    fn wrong_selections_are_clamped() {
        let mut selection = Selection {
            layer: 40,
            heads: BTreeSet::from([3, 4, 99]),
            queries: BTreeSet::from([0, 5]),
            keys: BTreeSet::from([7]),
            neuron: Some(8),
            hover: Some(TokenRef { side: Side::Key, position: 5 }),
            hover_other: Some(1),
            hover_neuron: Some(8),
            ..Selection::default()
        };
        selection.clamp(&SHAPE);
        let expected =
            Selection { layer: 5, heads: BTreeSet::from([3]), queries: BTreeSet::from([0]), ..Selection::default() };
        assert_eq!(selection, expected);
        let mut nothing = with_heads(&[77]);
        nothing.clamp(&SHAPE);
        assert_eq!(heads(&nothing), [0, 1, 2, 3]);
    }

    #[test]
    fn hovering_stands_in_for_the_pins_of_its_side() {
        let mut selection = Selection { queries: BTreeSet::from([1, 2]), ..Selection::default() };
        assert_eq!((selection.marked(Side::Query), selection.marked(Side::Key)), (vec![1, 2], vec![]));
        selection.hover = Some(TokenRef { side: Side::Query, position: 4 });
        assert_eq!((selection.marked(Side::Query), selection.marked(Side::Key)), (vec![4], vec![]));
        selection.hover = Some(TokenRef { side: Side::Key, position: 0 });
        assert_eq!((selection.marked(Side::Query), selection.marked(Side::Key)), (vec![1, 2], vec![0]));
        selection.hover_other = Some(3);
        assert_eq!((selection.marked(Side::Query), selection.marked(Side::Key)), (vec![3], vec![0]), "one weight");
        assert_eq!(selection.query(), Some(3));
    }
}
