//! Carries out the effects that the reducer asks for.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Page;
use super::kept::{HUB_KEY, LAYOUT_KEY, THEME_KEY, THREADS_KEY};
use super::traces::HeldPlace;
use crate::platform::page::{base_url, fetch_text};
use crate::protocol::RequestId;
use crate::state::{Effect, EntryEvent, Event, RUNS_MODELS, StartEvent, WorkEvent};

impl Page {
    /// Carries out an effect of the reducer.
    pub(super) fn carry_out(self, effect: Effect) {
        if !RUNS_MODELS && effect.is_about_models() {
            return;
        }
        match effect {
            Effect::FetchCatalogue => spawn_local(async move {
                let url = format!("{}models/index.json", base_url());
                self.dispatch(Event::Start(StartEvent::CatalogueCame(fetch_text(&url).await)));
            }),
            Effect::FetchFirst => spawn_local(self.fetch_first()),
            Effect::FetchTrace { number, url } => spawn_local(self.fetch_trace(number, url)),
            Effect::SaveTrace { saved, is_half } => spawn_local(self.save_trace(saved, is_half)),
            Effect::SaveUrl { url, name } => spawn_local(self.hand_over(url, name)),
            Effect::AskTrace { request, kind, question } => self.ask_trace(self.trace, request, kind, question),
            Effect::AskSecondTrace { request, kind, question } => {
                self.ask_trace(self.second_trace, request, kind, question)
            }
            Effect::CancelTrace { request } => cancel(self.trace, request),
            Effect::CancelSecondTrace { request } => cancel(self.second_trace, request),
            Effect::StartWorker => self.start_worker(),
            Effect::StartSecondWorker => self.start_second_worker(),
            Effect::EndSecondWorker => self.second_worker.set_value(None),
            Effect::SendSecond(message) => self.send_second(&message),
            Effect::EndWorker => self.worker.set_value(None),
            Effect::Send(message) => self.send(&message),
            Effect::ArmCancelTimeout { request, delay_ms } => {
                Timeout::new(delay_ms, move || self.dispatch(Event::Work(WorkEvent::CancelTimedOut(request)))).forget();
            }
            Effect::ArmTyping { n_edits, delay_ms } => {
                Timeout::new(delay_ms, move || self.dispatch(Event::Entry(EntryEvent::TypingRested(n_edits)))).forget();
            }
            Effect::LookUp { number, base, repo } => self.look_up(number, base, repo),
            Effect::KeepHub(base) => self.keep(HUB_KEY, &base),
            Effect::KeepLayout(layout) => self.keep(LAYOUT_KEY, &layout.write()),
            Effect::KeepTheme(theme) => self.keep(THEME_KEY, theme.name()),
            Effect::KeepThreads(threads) => self.keep(THREADS_KEY, &threads.to_string()),
            Effect::ReplaceLink(link) => self.address.replace(link),
            Effect::PushLink(link) => self.address.push(&link),
        }
    }
}

/// Stops answering a question that a trace was asked.
fn cancel(trace: HeldPlace, request: RequestId) {
    trace.with_value(|trace| {
        if let Some(trace) = trace {
            trace.cancel(request);
        }
    });
}
