//! The button that tries the largest estimates exactly, and as many drawn at random.

use leptos::prelude::*;

use crate::state::matters::N_TRIED;
use crate::state::{Event, MattersEvent};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// How many are tried, and "Verify".
#[component]
pub fn Verify(page: Page) -> impl IntoView {
    let n = RwSignal::new(N_TRIED.to_string());
    let obstacle = page.memo(|state| state.trial_problem().map(str::to_owned));
    let failure = page.memo(|state| state.matters.trying.problem().map(str::to_owned));
    let is_trying = page.memo(|state| state.matters.trying.is_pending());
    let progress = page.memo(|state| state.trial().map(|trial| trial.progress()));
    let note = Derived::new(move || match (obstacle.get(), failure.get(), progress.get()) {
        (Some(problem), ..) | (None, Some(problem), _) => problem,
        (None, None, Some((done, all))) if is_trying.get() => format!("{done} of {all}"),
        (None, None, Some((done, all))) if done < all => format!("stopped at {done} of {all}"),
        (None, None, Some((_, all))) => format!("{all} tried"),
        (None, None, None) => String::new(),
    });
    let start = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let n = n.get_untracked().trim().parse().unwrap_or(N_TRIED);
        page.dispatch(Event::Matters(MattersEvent::TrialAsked(n)));
    };
    view! {
        <form class="sweep-start" on:submit=start>
            <button type="submit" class="add" prop:disabled=move || is_trying.get() || obstacle.with(Option::is_some)>
                "Verify"
            </button>
            <label>
                "the"
                <input
                    type="number"
                    min="1"
                    max="500"
                    aria-label="How many are verified"
                    prop:value=move || n.get()
                    on:input:target=move |event| n.set(event.target().value())
                />
                "largest, and as many at random"
            </label>
            <span class="label" role="status" aria-label="Verified">{move || note.get()}</span>
        </form>
    }
}
