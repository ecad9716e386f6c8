//! The state as a signal, the worker that belongs to it, and the effects that the reducer asks for.
//!
//! How a worker is started is handed in, so that a program that never does so links nothing of it.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use super::address::Address;
use super::derived::Derived;
use super::edit_menu::OpenMenu;
use super::first_trace::{first_trace, slot_link, trace_of_host};
use super::open_trace::TraceInPage;
use super::page_sources::Elsewhere;
use super::save_trace;
use super::worker::{ModelWorker, StartWorker};
use crate::answers::Reply;
use crate::platform::download::{save_bytes, save_url};
use crate::platform::page::{self, base_url, fetch_bytes, fetch_text, fragment};
use crate::platform::ranged_file::RangedFile;
use crate::platform::worker_client::News;
use crate::protocol::{FromWorker, Question, RequestId, ToWorker};
use crate::state::editing::EditEvent;
use crate::state::link::HOST_TRACE;
use crate::state::{
    Effect, Event, FirstScreen, Home, MoreEvent, OpenedTrace, RUNS_MODELS, SaveForm, ScaleEvent, State, Theme, Threads,
    TraceEvent, TracePlace, traces,
};
use crate::trace::AttnKind;
use crate::trace::file::{Saved, fill_slot};

const THEME_KEY: &str = "headlight.theme";
const THREADS_KEY: &str = "headlight.threads";
const HUB_KEY: &str = "headlight.hub";

/// One instance of the page: a handle to its state and its worker.
#[derive(Clone, Copy)]
pub struct Page {
    state: StoredValue<State>,
    /// Said after every event but those that only move the pointer.
    changed: RwSignal<()>,
    /// Said when the pointer, or what stands for it, is elsewhere and nothing else has changed: many times a second, so that only
    /// those hear of it whom it concerns.
    hovered: RwSignal<()>,
    address: Address,
    start_worker: Option<StartWorker>,
    worker: StoredValue<Option<Box<dyn ModelWorker>>, LocalStorage>,
    trace: StoredValue<Option<TraceInPage>, LocalStorage>,
    elsewhere: StoredValue<Elsewhere, LocalStorage>,
    /// What holds the result that the one on screen is compared with, where it is another model or a trace.
    second_worker: StoredValue<Option<Box<dyn ModelWorker>>, LocalStorage>,
    second_trace: StoredValue<Option<TraceInPage>, LocalStorage>,
    menu: RwSignal<Option<OpenMenu>>,
    /// What had the focus before the menu.
    focus_before: StoredValue<Option<web_sys::HtmlElement>, LocalStorage>,
}

impl Page {
    /// A page that was just opened: on its own, as one file or in a frame. `start_worker` starts what runs models, where
    /// that can be.
    pub fn open(home: Home, start_worker: Option<StartWorker>) -> Self {
        let theme = kept(home, THEME_KEY).and_then(|name| Theme::from_name(&name)).unwrap_or_default();
        let mut state = State::at(home, base_url(), theme);
        if start_worker.is_some() {
            let wanted = kept(home, THREADS_KEY).and_then(|kept| kept.parse().ok());
            state.threads = Threads::new(page::shared_processors(), wanted);
        }
        let page = Self {
            state: StoredValue::new(state),
            changed: RwSignal::new(()),
            hovered: RwSignal::new(()),
            address: Address::new(),
            start_worker,
            worker: StoredValue::new_local(None),
            trace: StoredValue::new_local(None),
            elsewhere: StoredValue::new_local(Elsewhere::default()),
            second_worker: StoredValue::new_local(None),
            second_trace: StoredValue::new_local(None),
            menu: RwSignal::new(None),
            focus_before: StoredValue::new_local(None),
        };
        if let Some(base) = kept(home, HUB_KEY) {
            page.dispatch(Event::More(MoreEvent::BaseKept(base)));
        }
        let link = if home == Home::File && fragment().is_empty() { slot_link() } else { fragment() };
        page.dispatch(Event::Scale(ScaleEvent::LinkCame(link)));
        page.dispatch(Event::Opened);
        let follow = move |_| {
            page.address.forget();
            page.dispatch(Event::Scale(ScaleEvent::LinkCame(fragment())));
        };
        let listener = window_event_listener(leptos::ev::hashchange, follow);
        on_cleanup(move || listener.remove());
        page
    }

    /// The address of what is on screen.
    pub fn address(self) -> String {
        self.address.whole()
    }

    /// Models from elsewhere.
    pub(super) fn elsewhere(self) -> StoredValue<Elsewhere, LocalStorage> {
        self.elsewhere
    }

    /// Reads the state once.
    pub fn peek<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.state.with_value(read)
    }

    /// Reads the state and follows its changes, within a memo or an effect; not what the pointer is on.
    pub fn with<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.changed.track();
        self.peek(read)
    }

    /// Reads the state and follows its changes, and what the pointer is on.
    pub fn with_hover<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.hovered.track();
        self.with(read)
    }

    /// Something derived from the state, but not from what the pointer is on; what depends on it runs only when it changes.
    pub fn memo<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&State) -> T + Send + Sync + 'static,
    ) -> Derived<T> {
        Derived::new(move || self.with(&read))
    }

    /// Something derived from the state and from what the pointer is on.
    pub fn memo_hover<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&State) -> T + Send + Sync + 'static,
    ) -> Derived<T> {
        Derived::new(move || self.with_hover(&read))
    }

    /// Tells the state that something happened, and does what it asks for.
    pub fn dispatch(self, event: Event) {
        // Late timers and messages may come after the page is gone.
        let is_hover = event.is_hover();
        let Some(effects) = self.state.try_update_value(|state| state.update(event)) else { return };
        if is_hover && effects.is_empty() {
            self.hovered.notify()
        } else {
            self.changed.notify()
        }
        for effect in effects {
            self.carry_out(effect);
        }
    }

    fn carry_out(self, effect: Effect) {
        if !RUNS_MODELS && effect.is_about_models() {
            return;
        }
        match effect {
            Effect::FetchCatalogue => spawn_local(async move {
                let url = format!("{}models/index.json", base_url());
                self.dispatch(Event::CatalogueCame(fetch_text(&url).await));
            }),
            Effect::FetchFirst => spawn_local(async move {
                let came = first_trace(self.peek(|state| state.home)).await.map(|(trace, opened)| {
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
                let file = if url == HOST_TRACE { trace_of_host().await } else { RangedFile::at_url(&url).await };
                let opened = match file {
                    Ok(file) => TraceInPage::open(file, place).await,
                    Err(message) => Err(message),
                };
                self.trace_came(number, opened);
            }),
            Effect::SaveTrace { saved, is_half } => spawn_local(async move {
                let Some(trace) = self.trace() else { return };
                let name = format!("{}-{}.safetensors", self.peek(State::file_stem), traces::slug(saved));
                match save_trace::write(&trace, saved, is_half).await {
                    Ok(url) => self.hand_over(url, name).await,
                    Err(message) => self.dispatch(Event::Trace(TraceEvent::SaveFailed(message))),
                }
            }),
            Effect::SaveUrl { url, name } => spawn_local(self.hand_over(url, name)),
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
            Effect::KeepHub(base) => self.keep(HUB_KEY, &base),
            Effect::KeepTheme(theme) => self.keep(THEME_KEY, theme.name()),
            Effect::KeepThreads(threads) => self.keep(THREADS_KEY, &threads.to_string()),
            Effect::ReplaceLink(link) => self.address.replace(link),
            Effect::PushLink(link) => self.address.push(&link),
        }
    }

    /// Gives the reader a trace that is written: as it is, or inside a page.
    async fn hand_over(self, url: String, name: String) {
        let outcome = match self.peek(|state| state.traces.form) {
            SaveForm::Trace => save_url(&url, &name),
            SaveForm::Page => self.save_page(&url, &name.replace(".safetensors", ".html")).await,
        };
        if let Err(message) = outcome {
            self.dispatch(Event::Trace(TraceEvent::SaveFailed(message)));
        }
    }

    async fn save_page(self, url: &str, name: &str) -> Result<(), String> {
        let (trace, empty) = (fetch_bytes(url).await?, fetch_text(&format!("{}viewer.html", base_url())).await?);
        let link = self.peek(State::file_link).unwrap_or_default();
        save_bytes(fill_slot(&empty, &link, &trace)?.as_bytes(), "text/html", name)
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

    /// Starts a worker of its own for whoever asks, where that can be.
    pub(super) fn new_worker(
        self,
        threads: u32,
        hear: impl Fn(News<FromWorker>) + 'static,
    ) -> Result<Box<dyn ModelWorker>, String> {
        let start = self.start_worker.ok_or("this page runs no models")?;
        start(threads, Box::new(hear))
    }

    fn keep(self, key: &str, value: &str) {
        if self.peek(|state| state.home.is_page()) {
            page::keep(key, value);
        }
    }

    fn start_second_worker(self) {
        let hear = move |news: News<FromWorker>| {
            self.dispatch(match news {
                News::Said(reply, buffers) => Event::SecondWorkerSaid(reply, buffers),
                News::Unreadable(reason) | News::Broke(reason) => Event::SecondWorkerBroke(reason),
            });
        };
        match self.new_worker(self.peek(|state| state.threads.wanted), hear) {
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
        match self.new_worker(self.peek(|state| state.threads.wanted), hear) {
            Ok(worker) => self.worker.set_value(Some(worker)),
            Err(reason) => self.dispatch(Event::WorkerBroke(reason)),
        }
    }
}

/// What this browser keeps for the page; one that stands elsewhere has nothing of its own.
fn kept(home: Home, key: &str) -> Option<String> {
    if home.is_page() { page::kept(key) } else { None }
}
