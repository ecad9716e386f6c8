//! The first screen: an example whose trace came with the page, on screen before any model is loaded.
//!
//! Its attention is answered by the page itself. The model is loaded with the first run that somebody asks for; only
//! where the trace cannot be had does the page begin by loading a model. Imports `protocol` and `trace`.

use super::{Effect, Shown, State};
use crate::protocol::{Input, InputText, Prediction, RunInfo};
use crate::trace::display::token_label;
use crate::trace::{Spec, Tokens};

/// What becomes of the first example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstScreen {
    /// It is on its way.
    #[default]
    Coming,
    /// It came, or something else was asked for.
    Done,
    /// It did not come: the model is loaded instead.
    Failed,
}

/// What a trace file says, ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenedTrace {
    /// The model's name with its quantisation.
    pub model_name: String,
    /// Its structure.
    pub spec: Spec,
    /// What was read.
    pub tokens: Tokens,
    /// The text.
    pub text: String,
    /// The second text, in a pair.
    pub pair: Option<String>,
    /// The most likely next tokens after the last position.
    pub top: Vec<Prediction>,
}

impl State {
    /// The first example came, or did not.
    pub(super) fn first_came(&mut self, opened: Result<OpenedTrace, String>, effects: &mut Vec<Effect>) {
        if self.first != FirstScreen::Coming {
            return;
        }
        match opened {
            Ok(opened) if self.shown.is_none() && !self.is_busy() => {
                self.first = FirstScreen::Done;
                self.show_trace(opened, effects);
            }
            Ok(_) => self.first = FirstScreen::Done,
            // Nothing is lost: the same example can be run.
            Err(_) => self.first = FirstScreen::Failed,
        }
        if !self.models.is_empty() && !self.is_busy() {
            self.begin(effects);
        }
    }

    /// The models are known, and so is whether there is a first example: goes where a link leads, or runs what could not
    /// be shown.
    pub(super) fn begin(&mut self, effects: &mut Vec<Effect>) {
        if !self.follow_link(effects) && self.first == FirstScreen::Failed {
            self.run(false, effects);
        }
    }

    fn show_trace(&mut self, opened: OpenedTrace, effects: &mut Vec<Effect>) {
        let OpenedTrace { model_name, spec, tokens, text, pair, top } = opened;
        if !self.linking.is_pending() {
            self.text.clone_from(&text);
            self.pair = pair.clone().unwrap_or_default();
        }
        let input = match pair {
            Some(pair) => InputText::Pair(text.clone(), pair),
            None => InputText::Single(text.clone()),
        };
        let request = self.request();
        let labels = tokens.tokens.iter().map(|token| token_label(token, tokens.form)).collect();
        let shown = Shown {
            request,
            labels,
            input: Input { text: input, cut: false, bos: None },
            model_name,
            spec,
            info: RunInfo { run: 0, tokens, text, n_cut: 0, elapsed_ms: 0.0, top, memory_bytes: 0 },
            live_run: None,
            is_trace: true,
            layers: Default::default(),
            drawn: None,
        };
        self.selection.clamp(&shown.shape());
        self.shown = Some(shown);
        self.follow_layer(effects);
    }

    /// Whether running would first load a model, and how large it is in bytes.
    pub fn loads_first(&self) -> Option<u64> {
        let is_free = self.model.is_none() && !self.is_busy();
        self.picked().filter(|_| is_free).map(super::ModelEntry::size)
    }
}
