//! Scores averaged over random blocks of several seeds, since a single block can be lucky.

use leptos::prelude::*;

use crate::state::{Event, N_SEEDS, ScoreEvent, State};
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// What the line offers.
#[derive(Clone, PartialEq)]
enum Stand {
    /// Nothing: the input is not a block, or there is no model.
    None,
    /// The mean over several seeds can be asked for.
    Offered,
    /// The blocks are being read.
    Reading,
    /// Both are here to choose from: the first seed, and whether the mean is shown.
    There(u32, bool),
}

/// One line above the table of scores.
#[component]
pub fn Seeds(page: Page) -> impl IntoView {
    let stand = page.memo(stand);
    let problem = page.memo(|state| state.scores.seeds.problem().map(str::to_owned));
    let choice = move |is_mean: bool, label: String| {
        let is_on = move || matches!(stand.get(), Stand::There(_, shown) if shown == is_mean);
        view! {
            <button
                type="button"
                class="link"
                aria-pressed=move || is_on().to_string()
                on:click=move |_| page.dispatch(if is_mean { Event::Scores(ScoreEvent::SeedsAsked) } else { Event::Scores(ScoreEvent::SeedsLeft) })
            >
                {label}
            </button>
        }
    };
    view! {
        <Show when=move || stand.get() != Stand::None>
            <p class="hint seeds" role="group" aria-label="Seeds">
                {move || match stand.get() {
                    Stand::Reading => format!("Reading {N_SEEDS} blocks …").into_any(),
                    Stand::There(first, is_shown) => {
                        let last = first.wrapping_add(N_SEEDS - 1);
                        view! {
                            {choice(false, "this block".to_owned())}
                            {choice(true, format!("mean of seeds {first} to {last}"))}
                            {is_shown.then_some("± is the standard deviation over the seeds")}
                        }
                    }
                    _ => view! {
                        {choice(true, format!("Average over {N_SEEDS} seeds"))}
                        "a single block may be a fluke"
                    },
                }}
            </p>
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
        </Show>
    }
}

fn stand(state: &State) -> Stand {
    if state.scores.seeds.is_pending() {
        return Stand::Reading;
    }
    match state.scores.seeds.value() {
        Some(seeds) => Stand::There(seeds.first_seed, state.scores.shows_seeds),
        None if state.seed_inputs().is_some() => Stand::Offered,
        None => Stand::None,
    }
}
