//! Lets a search rest, in the status line.

use leptos::prelude::*;

use super::send;
use crate::state::FindEvent;
use crate::state::find::Stage;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// "Pause" while a search, trials or an atlas run, "Go on" while they rest.
#[component]
pub fn PauseButton(page: Page) -> impl IntoView {
    let stage = page.memo(|state| {
        let search = state.find.search.as_ref().map(|search| &search.stage);
        let trials = state.find.trials.as_ref().map(|trials| &trials.stage);
        let making = state.find.making.as_ref().map(|making| making.stage());
        [search, trials, making].into_iter().flatten().find_map(|stage| match stage {
            Stage::Running => Some(false),
            Stage::Paused => Some(true),
            _ => None,
        })
    });
    view! {
        {move || stage.get().map(|is_paused| view! {
            <button type="button" class="quiet" on:click=move |_| send(page, FindEvent::PauseAsked(!is_paused))>
                {if is_paused { "Go on" } else { "Pause" }}
            </button>
        })}
    }
}
