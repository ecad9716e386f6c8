//! The state as a signal, the worker that belongs to it, and the effects that the reducer asks for.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use super::edit_menu::OpenMenu;
use super::open_trace::TraceInPage;
use super::page_sources::Elsewhere;
use super::save_trace;
use crate::answers::Reply;
use crate::platform::download::save_url;
use crate::platform::page::{base_url, fetch_text, fragment, keep, kept, meta, set_fragment};
use crate::platform::ranged_file::RangedFile;
use crate::platform::worker_client::{News, WorkerClient};
use crate::protocol::{FromWorker, Question, RequestId, ToWorker};
use crate::state::editing::EditEvent;
use crate::state::{
    Effect, Event, FirstScreen, MoreEvent, OpenedTrace, ScaleEvent, State, Theme, TraceEvent, TracePlace, traces,
};
use crate::trace::AttnKind;
use crate::trace::file::Saved;

const THEME_KEY: &str = "headlight.theme";
const HUB_KEY: &str = "headlight.hub";

/// One instance of the page: a handle to its state and its worker.
#[derive(Clone, Copy)]
pub struct Page {
    state: RwSignal<State>,
    worker: StoredValue<Option<WorkerClient<ToWorker>>, LocalStorage>,
    trace: StoredValue<Option<TraceInPage>, LocalStorage>,
    elsewhere: StoredValue<Elsewhere, LocalStorage>,
    /// What holds the result that the one on screen is compared with, where it is another model or a trace.
    second_worker: StoredValue<Option<WorkerClient<ToWorker>>, LocalStorage>,
    second_trace: StoredValue<Option<TraceInPage>, LocalStorage>,
    menu: RwSignal<Option<OpenMenu>>,
    /// What had the focus before the menu.
    focus_before: StoredValue<Option<web_sys::HtmlElement>, LocalStorage>,
}

impl Page {
    /// A page that was just opened.
    pub fn open() -> Self {
        let theme = kept(THEME_KEY).and_then(|name| Theme::from_name(&name)).unwrap_or_default();
        let page = Self {
            state: RwSignal::new(State::new(base_url(), theme)),
            worker: StoredValue::new_local(None),
            trace: StoredValue::new_local(None),
            elsewhere: StoredValue::new_local(Elsewhere::default()),
            second_worker: StoredValue::new_local(None),
            second_trace: StoredValue::new_local(None),
            menu: RwSignal::new(None),
            focus_before: StoredValue::new_local(None),
        };
        if let Some(base) = kept(HUB_KEY) {
            page.dispatch(Event::More(MoreEvent::BaseKept(base)));
        }
        page.dispatch(Event::Scale(ScaleEvent::LinkCame(fragment())));
        page.dispatch(Event::Opened);
        let follow = move |_| page.dispatch(Event::Scale(ScaleEvent::LinkCame(fragment())));
        let listener = window_event_listener(leptos::ev::hashchange, follow);
        on_cleanup(move || listener.remove());
        page
    }

    /// Models from elsewhere.
    pub(super) fn elsewhere(self) -> StoredValue<Elsewhere, LocalStorage> {
        self.elsewhere
    }

    /// Reads the state once.
    pub fn peek<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.state.with_untracked(read)
    }

    /// Reads the state and follows its changes, within a memo or an effect.
    pub fn with<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.state.with(read)
    }

    /// Something derived from the state; what depends on it runs only when it changes.
    pub fn memo<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&State) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| self.state.with(&read))
    }

    /// Tells the state that something happened, and does what it asks for.
    pub fn dispatch(self, event: Event) {
        // Late timers and messages may come after the page is gone.
        let effects = self.state.try_update(|state| state.update(event)).unwrap_or_default();
        for effect in effects {
            self.carry_out(effect);
        }
    }

    fn carry_out(self, effect: Effect) {
        match effect {
            Effect::FetchCatalogue => spawn_local(async move {
                let url = format!("{}models/index.json", base_url());
                self.dispatch(Event::CatalogueCame(fetch_text(&url).await));
            }),
            Effect::FetchFirst => spawn_local(async move {
                let came = TraceInPage::fetch_first().await.map(|(trace, opened)| {
                    // Another may be on screen by now.
                    if self.peek(|state| state.first == FirstScreen::Coming) {
                        self.trace.set_value(Some(trace));
                    }
                    opened
                });
                self.dispatch(Event::FirstCame(came));
            }),
            Effect::FetchTrace { number, url } => spawn_local(async move {
                let place = TracePlace::Url(url.clone());
                let opened = match RangedFile::at_url(&url).await {
                    Ok(file) => TraceInPage::open(file, place).await,
                    Err(message) => Err(message),
                };
                self.trace_came(number, opened);
            }),
            Effect::SaveTrace { saved, is_half } => spawn_local(async move {
                let Some(trace) = self.trace() else { return };
                let name = format!("{}-{}.safetensors", self.peek(State::file_stem), traces::slug(saved));
                let written = save_trace::write(&trace, saved, is_half).await;
                if let Err(message) = written.and_then(|url| save_url(&url, &name)) {
                    self.dispatch(Event::Trace(TraceEvent::SaveFailed(message)));
                }
            }),
            Effect::SaveUrl { url, name } => {
                if let Err(message) = save_url(&url, &name) {
                    self.dispatch(Event::Trace(TraceEvent::SaveFailed(message)));
                }
            }
            Effect::AskTrace { request, kind, question } => self.ask_trace(self.trace, request, kind, question),
            Effect::AskSecondTrace { request, kind, question } => {
                self.ask_trace(self.second_trace, request, kind, question)
            }
            Effect::StartWorker => self.start_worker(),
            Effect::StartSecondWorker => self.start_second_worker(),
            Effect::EndSecondWorker => self.second_worker.set_value(None),
            Effect::SendSecond(message) => {
                let files = self.elsewhere.with_value(|elsewhere| elsewhere.files_of(&message));
                let sent = self
                    .second_worker
                    .with_value(|worker| worker.as_ref().map(|worker| worker.send_with_files(&message, &files)));
                if let Some(Err(reason)) = sent {
                    self.dispatch(Event::SecondWorkerBroke(reason));
                }
            }
            Effect::EndWorker => self.worker.set_value(None),
            Effect::Send(message) => {
                if let (ToWorker::Cancel { request }, Some(trace)) = (&message, self.trace()) {
                    trace.cancel(*request);
                }
                let files = self.elsewhere.with_value(|elsewhere| elsewhere.files_of(&message));
                let sent = self
                    .worker
                    .with_value(|worker| worker.as_ref().map(|worker| worker.send_with_files(&message, &files)));
                if let Some(Err(reason)) = sent {
                    self.dispatch(Event::WorkerBroke(reason));
                }
            }
            Effect::ArmCancelTimeout { request, delay_ms } => {
                Timeout::new(delay_ms, move || self.dispatch(Event::CancelTimedOut(request))).forget();
            }
            Effect::ArmTyping { n_edits, delay_ms } => {
                Timeout::new(delay_ms, move || self.dispatch(Event::TypingRested(n_edits))).forget();
            }
            Effect::LookUp { number, base, repo } => self.look_up(number, base, repo),
            Effect::KeepHub(base) => keep(HUB_KEY, &base),
            Effect::KeepTheme(theme) => keep(THEME_KEY, theme.name()),
            Effect::ReplaceLink(link) => set_fragment(&link, false),
            Effect::PushLink(link) => set_fragment(&link, true),
        }
    }

    fn trace(self) -> Option<TraceInPage> {
        self.trace.with_value(Clone::clone)
    }

    /// How large a saved trace of what is on screen would be, in bytes; nothing where there is no more to save than with a
    /// smaller choice.
    pub fn save_size(self, saved: Saved, is_half: bool) -> Option<u64> {
        if self.peek(|state| state.shown.as_ref().is_some_and(|shown| shown.is_trace)) {
            return self.trace().and_then(|trace| save_trace::size(&trace, saved, is_half));
        }
        self.peek(|state| state.save_size(saved, is_half))
    }

    /// Opens a file that somebody chose or dropped.
    pub fn open_file(self, file: web_sys::File) {
        let name = file.name();
        self.dispatch(Event::Trace(TraceEvent::FileChosen(name.clone())));
        let number = self.peek(|state| state.traces.opening.as_ref().map(|(number, _)| *number));
        spawn_local(async move {
            let ranged = RangedFile::chosen(&name, file.into());
            let opened = TraceInPage::open(ranged, TracePlace::File(name)).await;
            self.trace_came(number.unwrap_or_default(), opened);
        });
    }

    fn trace_came(self, number: u32, opened: Result<(TraceInPage, OpenedTrace), String>) {
        let is_wanted = self.peek(|state| state.traces.opening.as_ref().is_some_and(|(wanted, _)| *wanted == number));
        let opened = opened.map(|(trace, opened)| {
            // What is on screen asks the trace it is of.
            if is_wanted {
                self.trace.set_value(Some(trace));
            }
            opened
        });
        self.dispatch(Event::Trace(TraceEvent::Came { number, opened }));
    }

    /// Asks a trace that the page holds; the answer comes as if a worker had said it.
    fn ask_trace(
        self,
        trace: StoredValue<Option<TraceInPage>, LocalStorage>,
        request: RequestId,
        kind: AttnKind,
        question: Question,
    ) {
        let Some(trace) = trace.with_value(Clone::clone) else { return };
        // Not now: whoever asks is not done yet.
        spawn_local(async move {
            let (reply, buffers) = match trace.answer(request, kind, question).await {
                Ok(Some(Reply { answer, buffers })) => (FromWorker::Answered { request, run: 0, answer }, buffers),
                Ok(None) => (FromWorker::Cancelled { request }, Vec::new()),
                Err(report) => (FromWorker::Failed { request, report }, Vec::new()),
            };
            self.dispatch(Event::WorkerSaid(reply, buffers));
        });
    }

    /// Opens a trace file that the result on screen is compared with.
    pub async fn open_trace_beside(self, file: web_sys::File) {
        let came = match TraceInPage::open_beside(file).await {
            Ok((trace, beside)) => {
                self.second_trace.set_value(Some(trace));
                Ok(beside)
            }
            Err(problem) => Err(problem),
        };
        self.dispatch(Event::Editing(EditEvent::TraceCame(Box::new(came))));
    }

    /// The menu of edits that is open, if any.
    pub fn menu(self) -> RwSignal<Option<OpenMenu>> {
        self.menu
    }

    /// Opens the menu of edits, if it would offer any.
    pub fn open_menu(self, menu: OpenMenu) {
        if self.peek(|state| state.edit_menu(&menu.target).groups.is_empty()) {
            return;
        }
        let focused = document().active_element().and_then(|element| element.dyn_into().ok());
        if self.menu.with_untracked(Option::is_none) {
            self.focus_before.set_value(focused);
        }
        self.menu.set(Some(menu));
    }

    /// Closes it; the focus goes back to where it was.
    pub fn close_menu(self) {
        self.menu.set(None);
        if let Some(element) = self.focus_before.try_update_value(Option::take).flatten() {
            // An element that is gone needs no focus.
            let _ = element.focus();
        }
    }

    fn start_second_worker(self) {
        let hear = move |news: News<FromWorker>| {
            self.dispatch(match news {
                News::Said(reply, buffers) => Event::SecondWorkerSaid(reply, buffers),
                News::Unreadable(reason) | News::Broke(reason) => Event::SecondWorkerBroke(reason),
            });
        };
        match WorkerClient::start(&worker_url(), hear) {
            Ok(worker) => self.second_worker.set_value(Some(worker)),
            Err(reason) => self.dispatch(Event::SecondWorkerBroke(reason)),
        }
    }

    fn start_worker(self) {
        let hear = move |news: News<FromWorker>| {
            self.dispatch(match news {
                News::Said(reply, buffers) => Event::WorkerSaid(reply, buffers),
                News::Unreadable(reason) => Event::WorkerUnreadable(reason),
                News::Broke(reason) => Event::WorkerBroke(reason),
            });
        };
        match WorkerClient::start(&worker_url(), hear) {
            Ok(worker) => self.worker.set_value(Some(worker)),
            Err(reason) => self.dispatch(Event::WorkerBroke(reason)),
        }
    }
}

fn worker_url() -> String {
    format!("{}worker_boot.js?v={}", base_url(), meta("headlight-build"))
}
