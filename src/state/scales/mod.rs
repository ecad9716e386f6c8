//! The views beyond the selection: which are on screen, how the model and the neuron view are drawn, and what they hold.
//!
//! Data is asked for when a view that shows it is on screen, one question at a time, and belongs to one result: another
//! result starts afresh.

pub mod neurons;
pub mod options;
pub mod thumbnails;

use super::layout::LayoutChange;
use super::options::{DisplayChange, SegmentFilter, Theme};
use super::stream::options::StreamOptions;
use super::{Effect, PaneEvent, Shown, State, View};
use crate::trace::Side;
use neurons::NeuronStore;
use options::{MapOptions, NeuronOptions};
use thumbnails::ThumbnailStore;

/// The state of the views beyond the selection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scales {
    /// Options of the model view.
    pub map: MapOptions,
    /// Options of the neuron view.
    pub neuron: NeuronOptions,
    /// Options of the stream view.
    pub stream: StreamOptions,
    /// The thumbnails of the model view.
    pub thumbnails: ThumbnailStore,
    /// The head in the neuron view.
    pub neurons: NeuronStore,
}

/// A view is drawn in another way, or another one is put beside it.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewEvent {
    /// Two views side by side, or one.
    SideBySide(bool),
    /// A model view is on screen, with layers from the first to the last of these.
    LayersSeen((usize, usize)),
    /// The model view is drawn in another way.
    MapChanged(MapOptions),
    /// The neuron view is drawn in another way.
    NeuronChanged(NeuronOptions),
    /// The stream view is drawn in another way.
    StreamChanged(StreamOptions),
    /// Weights are drawn in another way.
    DisplayChanged(DisplayChange),
    /// Another part of a sentence pair is shown.
    SegmentPicked(SegmentFilter),
    /// Light or dark.
    ThemePicked(Theme),
    /// The page is divided in another way.
    LayoutChanged(LayoutChange),
}

impl State {
    pub(super) fn view_event(&mut self, event: ViewEvent, effects: &mut Vec<Effect>) {
        match event {
            ViewEvent::SideBySide(is_on) => self.set_side_by_side(is_on, effects),
            ViewEvent::LayersSeen(layers) => self.scales.thumbnails.seen = Some(layers),
            ViewEvent::MapChanged(options) => self.scales.map = options,
            ViewEvent::NeuronChanged(options) => self.scales.neuron = options,
            ViewEvent::StreamChanged(options) => {
                // Another token may be one where the last was not.
                self.stream.lens.forgive();
                self.scales.stream = options;
            }
            ViewEvent::DisplayChanged(change) => self.options.display.apply(change),
            ViewEvent::SegmentPicked(segment) => self.options.segment = segment,
            ViewEvent::ThemePicked(theme) => {
                self.options.theme = theme;
                effects.push(Effect::KeepTheme(theme));
            }
            ViewEvent::LayoutChanged(change) => {
                let before = self.layout.write();
                self.layout.apply(change);
                if self.layout.write() != before {
                    effects.push(Effect::KeepLayout(self.layout));
                }
            }
        }
    }

    /// Puts another view beside the one on screen, unless there is one, or leaves the one on screen alone.
    pub(super) fn set_side_by_side(&mut self, is_on: bool, effects: &mut Vec<Effect>) {
        match (is_on, self.pane.is_some()) {
            (true, false) => self.pane_event(PaneEvent::ViewPicked(self.view_beside()), effects),
            (false, true) => self.pane_event(PaneEvent::Closed, effects),
            _ => {}
        }
    }

    /// Asks for the data that the views on screen lack.
    pub(super) fn follow_scales(&mut self, effects: &mut Vec<Effect>) {
        // At once: the layer of a new result may never come, and no picture may stand under another result's name.
        if let Some(result) = self.shown.as_ref().map(Shown::looked) {
            self.scales.thumbnails.keep_only(result);
            self.scales.neurons.keep_only(result);
        }
        let views = self.views();
        // First what is drawn as a whole: the map can wait.
        let has_layer = !self.awaits_layer();
        if views.contains(&View::Neuron) && has_layer {
            self.follow_neurons(effects);
        }
        if self.scales.thumbnails.seen.is_some() && has_layer {
            self.follow_thumbnails(effects);
        }
    }

    /// The query that the neuron view looks into: the one under the pointer, else the last chosen one, else the last one shown.
    pub fn query_looked_into(&self) -> Option<usize> {
        self.or_last_query(self.selection.query())
    }

    /// The same, wherever the pointer is.
    pub fn query_chosen(&self) -> Option<usize> {
        self.or_last_query(self.selection.queries.last().copied())
    }

    fn or_last_query(&self, query: Option<usize>) -> Option<usize> {
        let (queries, _) = self.shown_positions()?;
        query.filter(|query| queries.binary_search(query).is_ok()).or_else(|| queries.last().copied())
    }

    /// Positions that the model view and the neuron view show as queries and as keys, ascending: the sentence filter,
    /// without what is left out.
    pub fn shown_positions(&self) -> Option<(Vec<usize>, Vec<usize>)> {
        let shown = self.shown.as_ref()?;
        let kept = |side: Side| {
            let tokens = shown.tokens(side);
            // A filter is about both texts of a pair on both sides.
            let second = match tokens.segments[..] {
                [_, second] if shown.has_same_tokens() => Some(second),
                _ => None,
            };
            self.options.kept(side, tokens.len(), second, &tokens.special)
        };
        Some((kept(Side::Query), kept(Side::Key)))
    }
}
