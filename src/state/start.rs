//! How the page begins: with an example whose trace came with the page, before any model is loaded.
//!
//! The page itself answers questions about that trace. The model is loaded with the first run that somebody asks for; only
//! where the trace cannot be had does the page begin by loading a model.

use super::{Effect, Home, ModelEntry, OpenedTrace, State, catalogue};

/// Whether the first example is on screen, or still on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstScreen {
    /// The example's trace is being fetched.
    #[default]
    Coming,
    /// The example is on screen, or something else was asked for.
    Done,
    /// The example's trace could not be fetched: the model is loaded instead.
    Failed,
}

/// What happens while the page opens.
#[allow(clippy::large_enum_variant, reason = "one at a time: nothing holds many of them")]
#[derive(Debug, PartialEq)]
pub enum StartEvent {
    /// The page was opened.
    Opened,
    /// `models/index.json` came, or a sentence why not.
    CatalogueCame(Result<String, String>),
    /// The first example came, or a sentence why not.
    FirstCame(Result<OpenedTrace, String>),
    /// The later part of the reducer came.
    Completed,
}

impl State {
    pub(super) fn start_event(&mut self, event: StartEvent, effects: &mut Vec<Effect>) {
        match event {
            StartEvent::Opened => self.opened(effects),
            StartEvent::CatalogueCame(json) => self.catalogue_came(json, effects),
            StartEvent::FirstCame(opened) => self.first_came(opened, effects),
            StartEvent::Completed => self.begin_once_known(effects),
        }
    }

    fn opened(&mut self, effects: &mut Vec<Effect>) {
        if self.home == Home::Embed {
            // A frame shows what its link names, and no example.
            self.first = FirstScreen::Done;
        } else {
            effects.push(Effect::FetchFirst);
        }
        if self.home.has_models() {
            effects.push(Effect::FetchCatalogue);
        }
    }

    fn catalogue_came(&mut self, json: Result<String, String>, effects: &mut Vec<Effect>) {
        match json.and_then(|json| catalogue::parse(&json)) {
            Ok(models) => {
                self.models = models;
                self.notices.model = None;
                self.begin_once_known(effects);
            }
            Err(message) => self.notices.model = Some(message),
        }
    }

    fn first_came(&mut self, opened: Result<OpenedTrace, String>, effects: &mut Vec<Effect>) {
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
        } else if !self.is_busy() {
            self.begin_once_known(effects);
        }
    }

    /// Begins once everything is known that decides how: the models, the first example, and what runs models.
    fn begin_once_known(&mut self, effects: &mut Vec<Effect>) {
        if !self.models.is_empty()
            && self.first != FirstScreen::Coming
            && let Some(later) = self.later()
        {
            (later.begin)(self, effects);
        }
    }

    /// The models are known, and so is whether there is a first example: goes where a link leads, or runs what could not
    /// be shown.
    pub(super) fn begin(&mut self, effects: &mut Vec<Effect>) {
        if !self.home.is_page() {
            self.take_up_link(effects);
        } else if !self.follow_link(false, effects) && self.first == FirstScreen::Failed {
            self.run(false, effects);
        }
    }

    /// Whether running would first load a model, and how large it is in bytes.
    pub fn loads_first(&self) -> Option<u64> {
        let is_free = self.work.model.is_none() && !self.is_busy();
        self.picked().filter(|_| is_free).map(ModelEntry::size)
    }
}
