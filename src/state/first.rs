//! The first screen: an example whose trace came with the page, on screen before any model is loaded.
//!
//! Its attention is answered by the page itself. The model is loaded with the first run that somebody asks for; only
//! where the trace cannot be had does the page begin by loading a model.

use super::{Effect, OpenedTrace, State};

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
            Err(message) => {
                self.first = FirstScreen::Failed;
                // On a page of its own nothing is lost: the same example can be run.
                self.notices.status = (!self.home.is_page()).then_some(message);
            }
        }
        if !self.home.is_page() {
            self.take_up_link(effects);
        } else if !self.models.is_empty() && !self.is_busy() {
            self.begin(effects);
        }
    }

    /// The models are known, and so is whether there is a first example: goes where a link leads, or runs what could not
    /// be shown.
    pub(super) fn begin(&mut self, effects: &mut Vec<Effect>) {
        if !self.home.is_page() {
            self.take_up_link(effects);
        } else if !self.follow_link(effects) && self.first == FirstScreen::Failed {
            self.run(false, effects);
        }
    }

    /// Whether running would first load a model, and how large it is in bytes.
    pub fn loads_first(&self) -> Option<u64> {
        let is_free = self.model.is_none() && !self.is_busy();
        self.picked().filter(|_| is_free).map(super::ModelEntry::size)
    }
}
