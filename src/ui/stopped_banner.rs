//! Says that the model stopped by itself and what becomes of it.

use leptos::prelude::*;

use super::page::Page;
use crate::state::{Event, Recovery, Stopped};

/// Over the view, as long as there is something to say.
#[component]
pub fn StoppedBanner(
    /// The page.
    page: Page,
) -> impl IntoView {
    let stopped = page.memo(|state| state.notices.stopped.clone());
    let sentence = |Stopped { message, recovery }: &Stopped| match recovery {
        Recovery::Restarting => format!("The model stopped ({message}). Restarting; what you see stays."),
        Recovery::Recovered => format!("The model stopped ({message}) and was restarted. Your last text was not run."),
        Recovery::GivenUp => format!("The model stopped several times in a row ({message})."),
    };
    let action = move |recovery| match recovery {
        Recovery::Restarting => None,
        Recovery::Recovered => Some(("Dismiss", Event::NoticeDismissed)),
        Recovery::GivenUp => Some(("Start again", Event::RetryAsked)),
    };
    view! {
        {move || stopped.get().map(|stopped| view! {
            <div class="banner" role="alert">
                <span>{sentence(&stopped)}</span>
                {action(stopped.recovery).map(|(name, event)| view! {
                    <button type="button" class="link" on:click=move |_| page.dispatch(event.clone())>{name}</button>
                })}
            </div>
        })}
    }
}
