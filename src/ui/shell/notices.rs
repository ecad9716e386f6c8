//! What the reader must know before going on: faults of the program, and parts of a link that could not be followed.

use leptos::prelude::*;

use super::page::Page;
use crate::state::wording::brief;
use crate::state::{Event, LinkEvent, RUNS_MODELS, Recovery, State, Stopped, WorkEvent};
use crate::ui::erased::{Show, view};

/// One line for each; nothing where nothing is wrong.
#[component]
pub fn Notices(page: Page, is_saving: RwSignal<bool>) -> impl IntoView {
    let notice = page.memo(|state| state.linking.notice.clone());
    let fault = page.memo(fault);
    let read = move |_| page.dispatch(Event::Link(LinkEvent::NoticeRead));
    view! {
        <Show when=move || fault.with(Option::is_some) || notice.with(Option::is_some)>
            <div class="notices">
                {move || fault.get().map(|fault| view! { <FaultLine page fault /> })}
                {move || notice.get().map(|notice| view! {
                    <p class="problem" role="alert">
                        {brief(&notice)}
                        " "
                        {page.peek(|state| state.linking.is_too_long).then(|| view! {
                            <button type="button" class="link" on:click=move |_| is_saving.set(true)>"Save trace …"</button>
                            " "
                        })}
                        <button type="button" class="link" on:click=read>"Dismiss"</button>
                    </p>
                })}
            </div>
        </Show>
    }
}

/// The fault of the program on its own, for a frame.
#[component]
pub fn FaultNotice(page: Page) -> impl IntoView {
    let fault = page.memo(fault);
    view! { <>{move || fault.get().map(|fault| view! { <FaultLine page fault /> })}</> }
}

#[component]
fn FaultLine(page: Page, fault: Fault) -> impl IntoView {
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
