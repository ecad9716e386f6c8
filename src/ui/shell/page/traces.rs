//! Opens traces, asks them, and saves them.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Page;
use crate::answers::Reply;
use crate::platform::page::file_bytes;
use crate::protocol::{FromWorker, Question, RequestId};
use crate::state::editing::EditEvent;
use crate::state::{Event, FindEvent, FirstScreen, OpenedTrace, StartEvent, TraceEvent, WorkerEvent};
use crate::trace::AttnKind;
use crate::trace::file::Saved;
use crate::ui::find::AtlasAt;
use crate::ui::parts::reader::{Held, open};
use crate::ui::parts::views;
use crate::ui::share::trace::save;

/// What is said where the part of the program that saves did not come.
const NO_SAVING: &str = "The part of this page that saves could not be loaded. Check the connection and try again.";

/// A place for a trace that the page holds.
pub type HeldPlace = StoredValue<Option<Held>, LocalStorage>;

impl Page {
    /// The trace on screen, or the last one that was.
    pub fn trace(self) -> Option<Held> {
        self.held().with_value(Clone::clone)
    }

    /// Fetches the trace that is shown first.
    pub(super) async fn fetch_first(self) {
        let opened = open(|reader| (reader.first)(self.peek(|state| state.home))).await;
        let opened = opened.map(|(trace, opened)| {
            // Another result may be on screen by now.
            if self.peek(|state| state.first == FirstScreen::Coming) {
                self.held().set_value(Some(trace));
            }
            opened
        });
        self.dispatch(Event::Start(StartEvent::FirstCame(opened)));
    }

    /// Opens the trace at a URL.
    pub(super) async fn fetch_trace(self, number: u32, url: String) {
        let opened = open(|reader| (reader.under_url)(url.clone())).await;
        if opened.is_ok() || !self.opened_atlas(AtlasAt::Url(url)).await {
            self.trace_opened(number, opened);
        }
    }

    /// Opens a file that somebody chose or dropped.
    pub fn open_file(self, file: web_sys::File) {
        self.dispatch(Event::Trace(TraceEvent::FileChosen(file.name())));
        let number = self.peek(|state| state.traces.opening.as_ref().map(|(number, _)| *number));
        spawn_local(async move {
            let opened = open(|reader| (reader.chosen)(file.clone())).await;
            if opened.is_ok() || !self.opened_atlas(AtlasAt::Device(file)).await {
                self.trace_opened(number.unwrap_or_default(), opened);
            }
        });
    }

    /// What is not a trace may be an atlas of heads, which the later part reads: says whether it was one.
    async fn opened_atlas(self, at: AtlasAt) -> bool {
        match views::views().await {
            Some(views) => (views.open_atlas)(self, at).await,
            None => false,
        }
    }

    /// Reads a file that somebody chose or dropped as a set of texts.
    pub fn read_set(self, file: web_sys::File) {
        spawn_local(async move {
            let bytes = file_bytes(&file).await;
            self.dispatch(Event::Find(FindEvent::FileCame(file.name(), bytes)));
        });
    }

    fn trace_opened(self, number: u32, opened: Result<(Held, OpenedTrace), String>) {
        let is_wanted = self.peek(|state| state.traces.opening.as_ref().is_some_and(|(wanted, _)| *wanted == number));
        let opened = opened.map(|(trace, opened)| {
            // The result on screen goes on asking its own trace until this one replaces it.
            if is_wanted {
                self.held().set_value(Some(trace));
            }
            opened
        });
        self.dispatch(Event::Trace(TraceEvent::Came { number, opened }));
    }

    /// Opens a trace file as B.
    pub async fn open_trace_beside(self, file: web_sys::File) {
        let opened = open(|reader| (reader.beside)(file)).await;
        let beside = opened.map(|(trace, beside)| {
            self.held_beside().set_value(Some(trace));
            beside
        });
        self.dispatch(Event::Editing(EditEvent::TraceCame(Box::new(beside))));
    }

    /// Asks a trace; the answer reaches the reducer as a worker's answer does.
    pub(super) fn ask_trace(self, trace: HeldPlace, request: RequestId, kind: AttnKind, question: Question) {
        let Some(trace) = trace.with_value(Clone::clone) else { return };
        // The caller is still within an effect, so the trace is asked in the next turn.
        spawn_local(async move {
            let (reply, buffers) = match trace.answer(request, kind, question).await {
                Ok(Some(Reply { answer, buffers })) => (FromWorker::Answered { request, run: 0, answer }, buffers),
                Ok(None) => (FromWorker::Cancelled { request }, Vec::new()),
                Err(report) => (FromWorker::Failed { request, report }, Vec::new()),
            };
            self.dispatch(Event::Worker(WorkerEvent::Said(reply, buffers)));
        });
    }

    /// The size in bytes of a trace saved from the result on screen; `None` where a smaller choice holds as much.
    pub fn save_size(self, saved: Saved, is_half: bool) -> Option<u64> {
        if self.peek(|state| state.shown.as_ref().is_some_and(|shown| shown.is_trace)) {
            return self.trace().and_then(|trace| save::size(trace.in_page(), saved, is_half));
        }
        self.peek(|state| state.save_size(saved, is_half))
    }

    /// Writes the chosen part of the trace on screen, and hands it over.
    pub(super) async fn save_trace(self, saved: Saved, is_half: bool) {
        match views::views().await {
            Some(views) => (views.save_trace)(self, saved, is_half).await,
            None => self.dispatch(Event::Trace(TraceEvent::SaveFailed(NO_SAVING.to_owned()))),
        }
    }

    /// Saves a written trace as a file: as it is, or inside a page.
    pub(super) async fn hand_over(self, url: String, name: String) {
        match views::views().await {
            Some(views) => (views.hand_over)(self, url, name).await,
            None => self.dispatch(Event::Trace(TraceEvent::SaveFailed(NO_SAVING.to_owned()))),
        }
    }
}
