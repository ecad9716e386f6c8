//! The three scales: which of them are on screen, how the model and the neuron view are drawn, and what they hold.
//!
//! Data is asked for when a view that shows it is on screen, one question at a time, and belongs to one result: another
//! result starts afresh. Imports `protocol` and `trace`.

pub mod neurons;
pub mod options;
pub mod thumbnails;

use super::{Effect, Event, SegmentFilter, Shown, State, View};
use crate::protocol::{Answer, Report, RequestId};
use crate::trace::{AttnKind, Side};
use neurons::NeuronStore;
use options::{MapOptions, NeuronOptions};
use thumbnails::ThumbnailStore;

/// What the three scales need beyond the selection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scales {
    /// Whether two views stand side by side.
    pub is_side_by_side: bool,
    /// How the model view is drawn.
    pub map: MapOptions,
    /// How the neuron view is drawn.
    pub neuron: NeuronOptions,
    /// What the model view draws.
    pub thumbnails: ThumbnailStore,
    /// What the neuron view draws.
    pub neurons: NeuronStore,
}

/// What happens to the three scales.
#[derive(Clone, Debug, PartialEq)]
pub enum ScaleEvent {
    /// A fragment is in the address that the page did not put there.
    LinkCame(String),
    /// The link's notice was read.
    LinkNoticeRead,
    /// Look at another scale.
    ViewPicked(View),
    /// Look at another of the model's attentions.
    KindPicked(AttnKind),
    /// Two views side by side, or one.
    SideBySide(bool),
    /// Exactly this head of this layer.
    HeadPicked {
        /// Which layer.
        layer: usize,
        /// Which head.
        head: usize,
    },
    /// Exactly this head, in the head view.
    HeadOpened {
        /// Which layer.
        layer: usize,
        /// Which head.
        head: usize,
    },
    /// This query, in the neuron view.
    QueryOpened(usize),
    /// This query instead of all that were chosen.
    QueryPicked(usize),
    /// The pointer is on one weight, by positions.
    WeightHovered {
        /// Who reads.
        query: usize,
        /// Who is read.
        key: usize,
    },
    /// The pointer is on a neuron, or on none.
    NeuronHovered(Option<usize>),
    /// Keep a neuron marked, or let it go.
    NeuronToggled(usize),
    /// A model view is on screen, with layers from the first to the last of these.
    LayersSeen((usize, usize)),
    /// How the model view is drawn.
    MapChanged(MapOptions),
    /// How the neuron view is drawn.
    NeuronChanged(NeuronOptions),
}

impl ScaleEvent {
    /// Whether it is gone as soon as the pointer moves on, and writes no link.
    pub fn is_passing(&self) -> bool {
        self.is_hover() || matches!(self, Self::LayersSeen(_))
    }

    fn is_hover(&self) -> bool {
        matches!(self, Self::WeightHovered { .. } | Self::NeuronHovered(_))
    }
}

impl Scales {
    /// The views on screen, from the whole to the part. The model view always stands beside the head that is picked
    /// in it.
    pub fn views(&self, view: View) -> &'static [View] {
        match (view, self.is_side_by_side) {
            (View::Model, _) => &[View::Model, View::Head],
            (View::Head, false) => &[View::Head],
            (View::Neuron, false) => &[View::Neuron],
            (View::Head | View::Neuron, true) => &[View::Head, View::Neuron],
        }
    }

    /// No answer will come any more.
    pub fn forget_requests(&mut self) {
        self.thumbnails.asked = None;
        self.neurons.asked = None;
    }
}

impl State {
    pub(super) fn scale_event(&mut self, event: ScaleEvent, effects: &mut Vec<Effect>) {
        match event {
            ScaleEvent::LinkCame(fragment) => return self.link_came(&fragment, effects),
            ScaleEvent::LinkNoticeRead => self.linking.notice = None,
            ScaleEvent::SideBySide(is_on) => self.scales.is_side_by_side = is_on,
            ScaleEvent::MapChanged(options) => {
                self.scales.map = options;
                return;
            }
            ScaleEvent::NeuronChanged(options) => self.scales.neuron = options,
            ScaleEvent::LayersSeen(layers) => self.scales.thumbnails.seen = Some(layers),
            ScaleEvent::ViewPicked(view) => self.selection.view = view,
            ScaleEvent::KindPicked(kind) => {
                self.look_at_kind(kind);
                return self.follow_layer(effects);
            }
            _ => {}
        }
        let Some(shape) = self.shown.as_ref().map(Shown::shape) else { return };
        let selection = &mut self.selection;
        let layer_before = selection.layer;
        match event {
            ScaleEvent::HeadPicked { layer, head } | ScaleEvent::HeadOpened { layer, head } => {
                (selection.layer, selection.heads) = (layer, [head].into());
                if matches!(event, ScaleEvent::HeadOpened { .. }) {
                    selection.view = View::Head;
                }
            }
            ScaleEvent::QueryOpened(query) => {
                (selection.view, selection.queries) = (View::Neuron, [query].into());
                (selection.hover, selection.hover_other) = (None, None);
            }
            ScaleEvent::QueryPicked(query) if selection.queries == [query].into() => selection.queries.clear(),
            ScaleEvent::QueryPicked(query) => selection.queries = [query].into(),
            ScaleEvent::WeightHovered { query, key } => {
                selection.hover = Some(super::TokenRef { side: crate::trace::Side::Query, position: query });
                selection.hover_other = Some(key);
            }
            ScaleEvent::NeuronHovered(neuron) => selection.hover_neuron = neuron,
            ScaleEvent::NeuronToggled(neuron) => {
                selection.neuron = (selection.neuron != Some(neuron)).then_some(neuron);
            }
            _ => {}
        }
        selection.clamp(&shape);
        // Not with every event: a layer that failed would be asked for with every move of the pointer.
        if selection.layer != layer_before {
            self.follow_layer(effects);
        }
    }

    /// Asks for what the views on screen do not have yet.
    pub(super) fn follow_scales(&mut self, effects: &mut Vec<Effect>) {
        let views = self.scales.views(self.selection.view);
        // First what is drawn as a whole: the map can wait.
        let has_layer = !self.awaits_layer();
        if views.contains(&View::Neuron) && has_layer {
            self.follow_neurons(effects);
        }
        if self.scales.thumbnails.seen.is_some() && has_layer {
            self.follow_thumbnails(effects);
        }
    }

    pub(super) fn scales_answered(&mut self, request: RequestId, answer: Answer, buffers: Vec<Vec<f32>>) {
        match answer {
            Answer::Thumbnails { layer, n_rows, n_columns, heads } => {
                self.scales.thumbnails.came(request, layer, (n_rows, n_columns), heads, buffers);
            }
            Answer::Neurons(numbers) => self.scales.neurons.came(request, numbers, buffers),
            Answer::Patterns { .. } | Answer::Scores { .. } | Answer::HeadWeights { .. } => {}
        }
    }

    /// A question ended without an answer. Says whether it was one of these.
    pub(super) fn scales_ended(&mut self, request: RequestId, report: Option<&Report>) -> bool {
        let reason = report.map(|report| super::wording::sentence(&report.message));
        self.scales.thumbnails.ended(request, reason.clone()) || self.scales.neurons.ended(request, reason)
    }

    /// Positions that the model view and the neuron view show as queries and as keys, ascending: the sentence filter,
    /// without what is left out.
    pub fn shown_positions(&self) -> Option<(Vec<usize>, Vec<usize>)> {
        let shown = self.shown.as_ref()?;
        let segment: SegmentFilter = self.options.segment;
        let display = &self.options.display;
        let kept = |side: Side| {
            let tokens = shown.tokens(side);
            // A filter is about both texts of a pair on both sides.
            let segments = if shown.has_same_tokens() { tokens.segments.as_slice() } else { &[] };
            let (queries, keys) = segment.ranges(tokens.len(), segments);
            let range = if side == Side::Query { queries } else { keys };
            let is_kept = |position: &usize| {
                let is_special = tokens.special.get(*position).copied().unwrap_or(false);
                !(display.leaves_out_special && is_special || display.leaves_out_first && *position == 0)
            };
            range.filter(is_kept).collect()
        };
        Some((kept(Side::Query), kept(Side::Key)))
    }
}

impl Event {
    /// Whether it says only what the pointer is on: of the state, `selection.hover`, `hover_other` and `hover_neuron` follow, and
    /// whatever comes with an effect.
    pub fn is_hover(&self) -> bool {
        match self {
            Event::Scale(event) => event.is_hover(),
            Event::Hovered(_) => true,
            _ => false,
        }
    }

    /// Whether it changes nothing that a link says.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Event::Scale(event) => event.is_passing(),
            Event::Hovered(_) | Event::TextEdited(_) | Event::PairEdited(_) | Event::CancelTimedOut(_) => true,
            _ => false,
        }
    }
}
