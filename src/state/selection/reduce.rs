//! Changes of the selection.

use super::{TokenRef, View};
use crate::state::shown::{LayerCache, Shown};
use crate::state::{Effect, State};
use crate::trace::{AttnKind, Side};

/// Another view, layer, head, token or neuron is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectionEvent {
    /// Show another view.
    ViewPicked(View),
    /// Show another of the model's attentions.
    KindPicked(AttnKind),
    /// Show this layer.
    LayerPicked(usize),
    /// Show the layer so many steps further.
    LayerStepped(isize),
    /// Add a head, or take it out.
    HeadToggled(usize),
    /// Show only this head, or all again.
    HeadSoloed(usize),
    /// Show all heads.
    AllHeads,
    /// Show the single head so many steps further.
    HeadStepped(isize),
    /// Show exactly this head of this layer.
    HeadPicked {
        /// The layer.
        layer: usize,
        /// The head.
        head: usize,
    },
    /// Show exactly this head, in the head view.
    HeadOpened {
        /// The layer.
        layer: usize,
        /// The head.
        head: usize,
    },
    /// Show this query in the neuron view.
    QueryOpened(usize),
    /// Pin this query instead of all pinned ones; a query that is the only pinned one is unpinned.
    QueryPicked(usize),
    /// Pin this token, and no other of its side.
    TokenPicked(TokenRef),
    /// Pin a token, or unpin it.
    PinToggled(TokenRef),
    /// Unpin every token.
    TokensCleared,
    /// Pin a neuron, or unpin it.
    NeuronToggled(usize),
    /// The pointer or the focus is on a token, or on none.
    Hovered(Option<TokenRef>),
    /// The pointer is on one weight, by positions.
    WeightHovered {
        /// Position of the query.
        query: usize,
        /// Position of the key.
        key: usize,
    },
    /// The pointer is on a neuron, or on none.
    NeuronHovered(Option<usize>),
}

impl SelectionEvent {
    /// Whether its effect is gone as soon as the pointer moves on.
    pub fn is_hover(&self) -> bool {
        matches!(self, Self::Hovered(_) | Self::WeightHovered { .. } | Self::NeuronHovered(_))
    }
}

impl State {
    /// Changes the selection and brings it into the model's shape.
    pub(in crate::state) fn selection_event(&mut self, event: SelectionEvent, effects: &mut Vec<Effect>) {
        // Who asks for a view wants to see it.
        if matches!(
            event,
            SelectionEvent::ViewPicked(_) | SelectionEvent::HeadOpened { .. } | SelectionEvent::QueryOpened(_)
        ) {
            self.editing.is_sweep_shown = false;
        }
        match event {
            SelectionEvent::ViewPicked(view) => self.selection.view = view,
            SelectionEvent::KindPicked(kind) => {
                self.look_at_kind(kind);
                return self.follow_layer(effects);
            }
            _ => {}
        }
        let Some(shape) = self.shown.as_ref().map(Shown::shape) else { return };
        let is_one_head = self.shows_one_head();
        let is_about_layer = matches!(event, SelectionEvent::LayerPicked(_) | SelectionEvent::LayerStepped(_));
        let selection = &mut self.selection;
        let layer_before = selection.layer;
        match event {
            SelectionEvent::ViewPicked(_) | SelectionEvent::KindPicked(_) => {}
            SelectionEvent::LayerPicked(layer) => selection.layer = layer,
            SelectionEvent::LayerStepped(step) => selection.layer = selection.layer.saturating_add_signed(step),
            SelectionEvent::HeadToggled(head) | SelectionEvent::HeadSoloed(head) if head >= shape.n_heads => {}
            // The neuron view looks into one head.
            SelectionEvent::HeadToggled(head) | SelectionEvent::HeadSoloed(head) if selection.view == View::Neuron => {
                selection.heads = [head].into();
            }
            SelectionEvent::HeadToggled(head) => selection.toggle_head(head),
            SelectionEvent::HeadSoloed(head) => selection.solo_head(head, shape.n_heads),
            SelectionEvent::AllHeads if is_one_head => {}
            SelectionEvent::AllHeads => selection.heads = (0..shape.n_heads).collect(),
            SelectionEvent::HeadStepped(step) => selection.step_head(step, shape.n_heads),
            SelectionEvent::HeadPicked { layer, head } => (selection.layer, selection.heads) = (layer, [head].into()),
            SelectionEvent::HeadOpened { layer, head } => {
                (selection.view, selection.layer, selection.heads) = (View::Head, layer, [head].into());
            }
            SelectionEvent::QueryOpened(query) => {
                (selection.view, selection.queries) = (View::Neuron, [query].into());
                (selection.hover, selection.hover_other) = (None, None);
            }
            SelectionEvent::QueryPicked(query) if selection.queries == [query].into() => selection.queries.clear(),
            SelectionEvent::QueryPicked(query) => selection.queries = [query].into(),
            SelectionEvent::TokenPicked(token) => {
                selection.pick_token(token);
                if selection.view == View::Stream {
                    // There a token is a column, and a cell of it is chosen.
                    self.stream.row.get_or_insert(selection.layer);
                }
            }
            SelectionEvent::PinToggled(token) => selection.toggle_pin(token),
            SelectionEvent::TokensCleared => selection.clear_tokens(),
            SelectionEvent::NeuronToggled(neuron) => {
                selection.neuron = (selection.neuron != Some(neuron)).then_some(neuron);
            }
            SelectionEvent::Hovered(token) => (selection.hover, selection.hover_other) = (token, None),
            SelectionEvent::WeightHovered { query, key } => {
                selection.hover = Some(TokenRef { side: Side::Query, position: query });
                selection.hover_other = Some(key);
            }
            SelectionEvent::NeuronHovered(neuron) => selection.hover_neuron = neuron,
        }
        selection.clamp(&shape);
        // Not with every event: a layer that failed would be asked for with every move of the pointer.
        if is_about_layer || selection.layer != layer_before {
            self.follow_layer(effects);
        }
    }

    /// Looks at another attention of the result. Tokens stay chosen on the side that keeps its tokens. Whoever calls asks
    /// for the layer.
    pub(in crate::state) fn look_at_kind(&mut self, kind: AttnKind) {
        let Some(shown) = &mut self.shown else { return };
        let kind = shown.nearest(kind);
        let (before, had_all) = (shown.kind, self.selection.heads.len() == shown.stack_spec().n_heads);
        self.selection.kind = kind;
        if before == kind {
            return;
        }
        shown.kind = kind;
        (shown.layers, shown.drawn) = (LayerCache::default(), None);
        let selection = &mut self.selection;
        if before.reads(Side::Query) != kind.reads(Side::Query) {
            selection.queries.clear();
        }
        if before.reads(Side::Key) != kind.reads(Side::Key) {
            selection.keys.clear();
        }
        (selection.hover, selection.hover_other) = (None, None);
        if had_all {
            selection.heads = (0..shown.stack_spec().n_heads).collect();
        }
        selection.clamp(&shown.shape());
    }
}
