//! The status line: the work under way, the result on screen, and faults of the program. The rule under it is the progress bar.

use leptos::prelude::*;

use super::page::Page;
use super::thread_choice::ThreadChoice;
use crate::state::{Event, RUNS_MODELS, Recovery, State, Stopped, WorkEvent, wording};
use crate::ui::erased::view;

/// The line between the input and the views.
#[component]
pub fn StatusLine(page: Page) -> impl IntoView {
    let work = page.memo(wording::work);
    let result = page.memo(|state| Some(wording::result(state.shown.as_ref()?, state.work.threads.running)));
    let fault = page.memo(fault);
    let fraction = page.memo(fraction);
    let action = move |remedy: Remedy| {
        let name = match remedy {
            Remedy::Dismiss => "Dismiss",
            Remedy::Restart => "Start again",
        };
        let apply = move |_| {
            page.dispatch(match remedy {
                Remedy::Dismiss => Event::NoticeDismissed,
                Remedy::Restart => Event::Work(WorkEvent::RetryAsked),
            });
        };
        view! {
            " "
            <button type="button" class="link" on:click=apply>{name}</button>
        }
    };
    view! {
        <div class="status-line">
            <div class="status-text">
                {move || fault.get().map(|Fault { sentence, remedy }| view! {
                    <span class="problem" role="alert">{wording::brief(&sentence)}</span>
                    {remedy.map(action)}
                    <span class="gap"></span>
                })}
                <span role="status" aria-label="Status">
                    {move || wording::brief(&work.get().or_else(|| result.get()).unwrap_or_default())}
                </span>
                {RUNS_MODELS.then(|| view! { <ThreadChoice page /> })}
            </div>
            <div
                class="progress"
                role="progressbar"
                aria-label="Progress"
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=move || fraction.get().map(|fraction| (fraction * 100.0).round().to_string())
                aria-hidden=move || fraction.get().is_none().then_some("true")
            >
                <div class="bar" style:width=move || format!("{:.2}%", fraction.get().unwrap_or(0.0) * 100.0)></div>
            </div>
        </div>
    }
}

/// A fault of the program, and its remedy.
#[derive(Clone, PartialEq)]
struct Fault {
    sentence: String,
    remedy: Option<Remedy>,
}

/// What the reader can do about a fault.
#[derive(Clone, Copy, PartialEq)]
enum Remedy {
    Dismiss,
    Restart,
}

fn fault(state: &State) -> Option<Fault> {
    if let Some(Stopped { message, recovery }) = state.notices.stopped.as_ref().filter(|_| RUNS_MODELS) {
        let (end, remedy) = match recovery {
            Recovery::Restarting => ("Restarting; what you see stays.", None),
            Recovery::Recovered => ("It was restarted; your last text was not run.", Some(Remedy::Dismiss)),
            Recovery::GivenUp => ("It did so again and again.", Some(Remedy::Restart)),
        };
        return Some(Fault { sentence: format!("The model stopped ({message}). {end}"), remedy });
    }
    let sentence = state.notices.status.clone()?;
    Some(Fault { sentence, remedy: Some(Remedy::Dismiss) })
}

/// The part of the work that is done, 0 to 1; `None` when nothing is under way.
fn fraction(state: &State) -> Option<f64> {
    if !state.is_busy() {
        return None;
    }
    let progress = state.work.request.as_ref().and_then(|work| work.progress);
    Some(progress.map_or(0.0, |progress| progress.fraction()))
}
