//! The state as a signal, the worker that belongs to it, and the effects that the reducer asks for.
//!
//! How a worker is started is handed in, so that a program that never does so links nothing of it.

mod sources;
mod traces;

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;

use super::address::Address;
use super::worker::{ModelWorker, StartWorker};
use crate::platform::page::{self, base_url, fetch_text, fragment};
use crate::platform::worker_client::News;
use crate::protocol::{FromWorker, ToWorker};
use crate::state::{Effect, Event, Home, MoreEvent, RUNS_MODELS, ScaleEvent, State, Theme, Threads};
use crate::ui::change::edit_menu::OpenMenu;
use crate::ui::erased::Derived;
use crate::ui::parts::Parts;
use crate::ui::share::trace::reading::slot_link;
use sources::Elsewhere;
use traces::HeldPlace;

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
    parts: Parts,
    start_worker: Option<StartWorker>,
    worker: StoredValue<Option<Box<dyn ModelWorker>>, LocalStorage>,
    trace: HeldPlace,
    elsewhere: StoredValue<Elsewhere, LocalStorage>,
    /// What holds the result that the one on screen is compared with, where it is another model or a trace.
    second_worker: StoredValue<Option<Box<dyn ModelWorker>>, LocalStorage>,
    second_trace: HeldPlace,
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
            parts: Parts::fetch(),
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

    /// The views that come later.
    pub fn parts(self) -> Parts {
        self.parts
    }

    /// The trace on screen, where it is one.
    pub fn held(self) -> HeldPlace {
        self.trace
    }

    /// The trace that the result on screen is compared with.
    pub fn held_beside(self) -> HeldPlace {
        self.second_trace
    }

    /// Models from elsewhere.
    pub fn elsewhere(self) -> StoredValue<Elsewhere, LocalStorage> {
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
            Effect::FetchFirst => spawn_local(self.fetch_first()),
            Effect::FetchTrace { number, url } => spawn_local(self.fetch_trace(number, url)),
            Effect::SaveTrace { saved, is_half } => spawn_local(self.save_trace(saved, is_half)),
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
    pub fn new_worker(
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
