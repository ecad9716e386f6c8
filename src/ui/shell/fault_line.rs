//! A fault of the program in one line, with its remedy.

use leptos::prelude::*;

use super::page::Page;
use crate::state::wording::brief;
use crate::state::{Event, RUNS_MODELS, Recovery, State, Stopped, WorkEvent};
use crate::ui::erased::view;

/// The sentence, and a button that applies the remedy.
#[component]
pub fn FaultLine(page: Page, fault: Fault) -> impl IntoView {
    let Fault { sentence, remedy } = fault;
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
        <p>
            <span class="problem" role="alert">{brief(&sentence)}</span>
            {remedy.map(action)}
        </p>
    }
}

/// A fault of the program, and its remedy.
#[derive(Clone, PartialEq)]
pub struct Fault {
    sentence: String,
    remedy: Option<Remedy>,
}

/// What the reader can do about a fault.
#[derive(Clone, Copy, PartialEq)]
enum Remedy {
    Dismiss,
    Restart,
}

/// The fault to report, if there is one.
pub fn fault(state: &State) -> Option<Fault> {
    if let Some(Stopped { message, recovery }) = state.notices.stopped.as_ref().filter(|_| RUNS_MODELS) {
        let (end, remedy) = match recovery {
            Recovery::Restarting => ("It is restarting; what you see stays.", None),
            Recovery::Recovered => ("It was restarted; your last text was not run.", Some(Remedy::Dismiss)),
            Recovery::GivenUp => ("It keeps stopping.", Some(Remedy::Restart)),
        };
        return Some(Fault { sentence: format!("The model stopped ({message}). {end}"), remedy });
    }
    let sentence = state.notices.status.clone()?;
    Some(Fault { sentence, remedy: Some(Remedy::Dismiss) })
}
