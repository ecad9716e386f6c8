//! The state as a signal, the workers that belong to it, and the effects that the reducer asks for.
//!
//! [`effects`] carries the effects out, [`workers`] starts what runs models, [`traces`] opens and asks traces, [`sources`] handles models
//! from disk and the Hub, [`menu`] opens and closes the menu of edits, [`kept`] is what the browser keeps between visits.

mod effects;
mod kept;
mod menu;
mod sources;
mod traces;
mod workers;

use leptos::prelude::*;

use super::address::Address;
use super::worker::{ModelWorker, StartWorker};
use crate::platform::page::{self, base_url, fragment};
use crate::state::link::in_query;
use crate::state::{Event, Home, Layout, LinkEvent, MoreEvent, PaneEvent, StartEvent, State, Theme, Threads, TokenRef};
use crate::ui::change::edit_menu::OpenMenu;
use crate::ui::erased::{Derived, effect};
use crate::ui::parts::Parts;
use crate::ui::share::trace::reading::slot_link;
use kept::{HUB_KEY, LAYOUT_KEY, THEME_KEY, THREADS_KEY, kept};
use sources::ModelSources;
use traces::HeldPlace;

/// One instance of the page: a handle to its state and its workers.
#[derive(Clone, Copy)]
pub struct Page {
    state: StoredValue<State>,
    /// Notifies after every event except those that only move the pointer.
    changed: RwSignal<()>,
    /// Notifies after events that only move the pointer. These come many times a second, so only what depends on the pointer follows
    /// this signal.
    hovered: RwSignal<()>,
    address: Address,
    parts: Parts,
    start_worker: Option<StartWorker>,
    worker: StoredValue<Option<Box<dyn ModelWorker>>, LocalStorage>,
    trace: HeldPlace,
    model_sources: StoredValue<ModelSources, LocalStorage>,
    /// Runs B, where B is another model.
    second_worker: StoredValue<Option<Box<dyn ModelWorker>>, LocalStorage>,
    /// Holds B, where B is a trace.
    second_trace: HeldPlace,
    menu: RwSignal<Option<OpenMenu>>,
    help: RwSignal<bool>,
    palette: RwSignal<bool>,
    sought: RwSignal<Option<TokenRef>>,
    /// The state as the second view sees it, while there is one.
    second: StoredValue<Option<State>>,
    /// Whether this handle is the second view's.
    is_second: bool,
    /// The share of the first view while the divider is dragged.
    dragged_share: RwSignal<Option<u8>>,
    tour: RwSignal<Option<usize>>,
    /// Events that wait for the later part of the reducer.
    waiting: StoredValue<Vec<Event>, LocalStorage>,
    /// The element that had the focus before the menu opened.
    focus_before: StoredValue<Option<web_sys::HtmlElement>, LocalStorage>,
}

impl Page {
    /// Opens a page on its own, as one file or in a frame. `start_worker` starts workers that run models; a program that is given none
    /// links none.
    pub fn open(home: Home, start_worker: Option<StartWorker>) -> Self {
        let theme = kept(home, THEME_KEY).and_then(|name| Theme::from_name(&name)).unwrap_or_default();
        let mut state = State::at(home, base_url(), theme);
        state.layout = kept(home, LAYOUT_KEY).map(|kept| Layout::read(&kept)).unwrap_or_default();
        if start_worker.is_some() {
            let wanted = kept(home, THREADS_KEY).and_then(|kept| kept.parse().ok());
            state.work.threads = Threads::new(page::shared_processors(), wanted);
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
            model_sources: StoredValue::new_local(ModelSources::default()),
            second_worker: StoredValue::new_local(None),
            second_trace: StoredValue::new_local(None),
            menu: RwSignal::new(None),
            help: RwSignal::new(false),
            palette: RwSignal::new(false),
            sought: RwSignal::new(None),
            second: StoredValue::new(None),
            is_second: false,
            dragged_share: RwSignal::new(None),
            tour: RwSignal::new(None),
            waiting: StoredValue::new_local(Vec::new()),
            focus_before: StoredValue::new_local(None),
        };
        page.complete_later();
        if let Some(base) = kept(home, HUB_KEY) {
            page.dispatch(Event::More(MoreEvent::BaseKept(base)));
        }
        page.dispatch(Event::Link(LinkEvent::Came(first_link(home))));
        page.dispatch(Event::Start(StartEvent::Opened));
        let follow = move |_| {
            page.address.forget();
            page.dispatch(Event::Link(LinkEvent::Came(fragment())));
        };
        let listener = window_event_listener(leptos::ev::hashchange, follow);
        on_cleanup(move || listener.remove());
        page
    }

    /// The address of the view on screen.
    pub fn address(self) -> String {
        self.address.whole()
    }

    /// The views that are fetched after the page.
    pub fn parts(self) -> Parts {
        self.parts
    }

    /// Whether the dialog with the keys is open.
    pub fn help(self) -> RwSignal<bool> {
        self.help
    }

    /// Whether the command palette is open.
    pub fn palette(self) -> RwSignal<bool> {
        self.palette
    }

    /// The token that somebody went to last: views bring it into view each time.
    pub fn sought(self) -> RwSignal<Option<TokenRef>> {
        self.sought
    }

    /// The step of the tour that is on screen.
    pub fn tour(self) -> RwSignal<Option<usize>> {
        self.tour
    }

    /// Holds the trace on screen, where the result is one.
    pub fn held(self) -> HeldPlace {
        self.trace
    }

    /// Holds the trace that is B, where B is one.
    pub fn held_beside(self) -> HeldPlace {
        self.second_trace
    }

    /// Picked files, and the look-up on the Hub.
    pub fn model_sources(self) -> StoredValue<ModelSources, LocalStorage> {
        self.model_sources
    }

    /// The page as the second view sees it: the same selection, and a view and a result of its own.
    pub fn second(self) -> Self {
        Self { is_second: true, ..self }
    }

    /// The share of the stage that the first of two views has while the divider between them is dragged.
    pub fn dragged_share(self) -> RwSignal<Option<u8>> {
        self.dragged_share
    }

    /// An id that the second view does not share with the first one.
    pub fn id(self, name: &str) -> String {
        if self.is_second { format!("{name}-beside") } else { name.to_owned() }
    }

    /// Reads the state without following it.
    pub fn peek<T>(self, read: impl FnOnce(&State) -> T) -> T {
        if !self.is_second {
            return self.state.with_value(read);
        }
        self.second.with_value(|second| match second {
            Some(second) => read(second),
            // It is just being closed.
            None => self.state.with_value(read),
        })
    }

    /// Reads the state and follows its changes within a memo or an effect, except for the pointer's.
    pub fn with<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.changed.track();
        self.peek(read)
    }

    /// Reads the state and follows all its changes, the pointer's too.
    pub fn with_hover<T>(self, read: impl FnOnce(&State) -> T) -> T {
        self.hovered.track();
        self.with(read)
    }

    /// A value derived from the state but not from the pointer. Whatever depends on it runs only when the value changes.
    pub fn memo<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&State) -> T + Send + Sync + 'static,
    ) -> Derived<T> {
        Derived::new(move || self.with(&read))
    }

    /// A value derived from the state and the pointer.
    pub fn memo_hover<T: PartialEq + Send + Sync + 'static>(
        self,
        read: impl Fn(&State) -> T + Send + Sync + 'static,
    ) -> Derived<T> {
        Derived::new(move || self.with_hover(&read))
    }

    /// Passes an event to the reducer and carries out the effects that it returns.
    pub fn dispatch(self, event: Event) {
        // Gap: every event but a hover runs all memos anew, about 6 ms; choices could be told apart as hovers are.
        let is_hover = event.is_hover();
        let event = if self.is_second && State::is_of_pane(&event) {
            Event::Pane(PaneEvent::Within(Box::new(event)))
        } else {
            event
        };
        if event.needs_later() && self.state.try_with_value(State::is_complete) == Some(false) {
            return self.waiting.update_value(|waiting| waiting.push(event));
        }
        // A timer or message that comes after the page has gone finds no state.
        let Some(effects) = self.state.try_update_value(|state| state.update(event)) else { return };
        if self.state.with_value(|state| state.pane().is_some()) || self.second.with_value(Option::is_some) {
            self.second.set_value(self.state.with_value(State::seen_in_pane));
        }
        if is_hover && effects.is_empty() {
            self.hovered.notify();
        } else {
            self.changed.notify();
        }
        for effect in effects {
            self.carry_out(effect);
        }
    }

    /// Hands the later part of the reducer to the state once it is here, and what has waited for it.
    fn complete_later(self) {
        effect(move || {
            let Some(views) = self.parts.here() else { return };
            if self.state.with_value(State::is_complete) {
                return;
            }
            self.state.update_value(|state| state.complete(views.reducers));
            let waiting = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
            let events = std::iter::once(Event::Start(StartEvent::Completed)).chain(waiting);
            untrack(move || events.for_each(|event| self.dispatch(event)));
        });
    }
}

/// The link that the page was opened with: the fragment of its address, else what a saved page holds, else a query that was meant
/// as a fragment.
fn first_link(home: Home) -> String {
    let fragment = fragment();
    if !fragment.is_empty() {
        return fragment;
    }
    if home == Home::File {
        return slot_link();
    }
    let query = page::query();
    let link = in_query(&query).unwrap_or_default().to_owned();
    if !link.is_empty() {
        page::drop_query();
    }
    link
}
