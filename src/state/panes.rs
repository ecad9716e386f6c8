//! Two views beside each other, each of its own result: the second one is a pane. The selection and how things are drawn are shared.
//!
//! A pane keeps what belongs to it alone: its view, which of A, B and their difference it shows, and what was asked for it. Whatever is
//! done for the pane (asking, taking an answer, reading) is done with these in their places in the state ([`State::in_pane`]), so that
//! views and questions need not know of panes. Invariant: outside of such a moment the first view's are in their places.

use super::editing::Variant;
use super::quantities::QuantityStore;
use super::requests::Slot;
use super::scales::neurons::NeuronStore;
use super::scales::thumbnails::ThumbnailStore;
use super::{Effect, Event, Looked, State, StreamStore, View};

/// Least, usual and greatest share of the stage that the first view has, in hundredths.
pub const SHARES: (u8, u8, u8) = (20, 50, 80);

/// The second view and what is known for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pane {
    /// The view.
    view: View,
    /// The result that it shows.
    side: Variant,
    patterns: Slot<()>,
    thumbnails: ThumbnailStore,
    neurons: NeuronStore,
    stream: StreamStore,
    quantities: QuantityStore,
    /// The layer and the result whose patterns were asked for last: what failed is not asked for with every event.
    followed: Option<(Looked, usize)>,
}

/// Something happens to the second view.
#[derive(Debug, PartialEq)]
pub enum PaneEvent {
    /// Open it with a view; of a pane that is open the view changes.
    ViewPicked(View),
    /// Show one of the results in it.
    SidePicked(Variant),
    /// Close it.
    Closed,
    /// Something happens within it that concerns it alone.
    Within(Box<Event>),
}

impl State {
    /// The view and the result of the second view, where it is open.
    pub fn pane(&self) -> Option<(View, Variant)> {
        self.pane.as_ref().map(|pane| (pane.view, self.pane_side(pane)))
    }

    /// The result that a pane shows: that of the first view where its own is not there.
    fn pane_side(&self, pane: &Pane) -> Variant {
        if self.result(pane.side).is_some() { pane.side } else { self.editing.variant }
    }

    /// Whether queries and keys of the chosen head are here for the second view.
    pub(super) fn has_neurons_beside(&self) -> bool {
        self.pane.as_ref().is_some_and(|pane| pane.neurons.head.value().is_some())
    }

    /// The state as the second view sees it, while it is open.
    pub fn seen_in_pane(&self) -> Option<State> {
        self.pane.as_ref()?;
        let mut seen = self.clone();
        seen.swap_pane();
        Some(seen)
    }

    /// What is drawn in place of weights in the first view, or in the second one.
    pub(super) fn quantities_of(&self, is_of_pane: bool) -> &QuantityStore {
        match &self.pane {
            Some(pane) if is_of_pane != self.is_in_pane => &pane.quantities,
            _ => &self.quantities,
        }
    }

    /// The second view that is opened first beside a view.
    pub fn view_beside(&self) -> View {
        match self.selection.view {
            View::Head => View::Neuron,
            View::Model | View::Neuron | View::Stream | View::Find => View::Head,
        }
    }

    pub(super) fn pane_event(&mut self, event: PaneEvent, effects: &mut Vec<Effect>) {
        match event {
            PaneEvent::ViewPicked(view) => {
                // Who opens a view wants to see it.
                self.editing.is_sweep_shown = false;
                match &mut self.pane {
                    Some(pane) => pane.view = view,
                    None => self.pane = Some(Box::new(Pane::new(view, self.editing.variant))),
                }
            }
            PaneEvent::SidePicked(side) => {
                if let Some(pane) = &mut self.pane {
                    pane.side = side;
                }
            }
            PaneEvent::Closed => {
                self.pane = None;
                self.withdraw_of_pane(effects);
            }
            PaneEvent::Within(event) => self.in_pane(|state| state.handle(*event, effects)),
        }
    }

    /// Does something for the second view, as for the first one; nothing where it is closed.
    pub(super) fn in_pane(&mut self, act: impl FnOnce(&mut State)) {
        if self.pane.is_none() || self.is_in_pane {
            return;
        }
        self.swap_pane();
        act(self);
        self.swap_pane();
    }

    /// Does something for the view that it belongs to.
    pub(super) fn in_its_pane(&mut self, is_of_pane: bool, act: impl FnOnce(&mut State)) {
        if is_of_pane == self.is_in_pane {
            act(self);
        } else if is_of_pane {
            self.in_pane(act);
        }
    }

    /// Asks for what the second view lacks.
    pub(super) fn follow_pane(&mut self, effects: &mut Vec<Effect>) {
        let layer = self.selection.layer;
        self.in_pane(|state| {
            if state.shown.as_ref().is_some_and(|shown| shown.kind != state.selection.kind) {
                state.look_at_kind(state.selection.kind);
            }
            let wanted = state.shown.as_ref().map(|shown| (shown.looked(), layer));
            // The patterns of a result that both views show come for the first one.
            let is_own = state.pane.as_ref().is_some_and(|pane| pane.side != state.editing.variant);
            let is_new =
                state.pane.as_mut().is_some_and(|pane| std::mem::replace(&mut pane.followed, wanted) != wanted);
            if is_own && is_new {
                state.follow_layer(effects);
            }
            state.follow_scales(effects);
            state.follow_stream(effects);
            state.follow_quantities(effects);
        });
    }

    /// Puts what belongs to the second view in the places of what belongs to the first one, and the other way round.
    fn swap_pane(&mut self) {
        let Some(mut pane) = self.pane.take() else { return };
        std::mem::swap(&mut self.selection.view, &mut pane.view);
        std::mem::swap(&mut self.patterns, &mut pane.patterns);
        std::mem::swap(&mut self.scales.thumbnails, &mut pane.thumbnails);
        std::mem::swap(&mut self.scales.neurons, &mut pane.neurons);
        std::mem::swap(&mut self.stream, &mut pane.stream);
        std::mem::swap(&mut self.quantities, &mut pane.quantities);
        if let Some(before) = self.exchange_variant(pane.side) {
            pane.side = before;
        }
        self.is_in_pane = !self.is_in_pane;
        self.pane = Some(pane);
    }

    /// Where its events go that concern the second view alone.
    pub fn is_of_pane(event: &Event) -> bool {
        use super::{StreamEvent, ViewEvent};
        matches!(
            event,
            Event::View(ViewEvent::LayersSeen(_))
                | Event::Stream(
                    StreamEvent::PositionsSeen(_)
                        | StreamEvent::CellPicked { .. }
                        | StreamEvent::NeuronOpened(_)
                        | StreamEvent::PathShown(_)
                )
        )
    }
}

impl Pane {
    fn new(view: View, side: Variant) -> Self {
        Self {
            view,
            side,
            patterns: Slot::default(),
            thumbnails: ThumbnailStore::default(),
            neurons: NeuronStore::default(),
            stream: StreamStore::default(),
            quantities: QuantityStore::default(),
            followed: None,
        }
    }
}
