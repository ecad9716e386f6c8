//! The button that saves recall, or what a mask does.

use leptos::prelude::*;

use super::save::save_trials;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// "Save CSV" of the trials on the workbench.
#[component]
pub fn SaveTrials(page: Page) -> impl IntoView {
    let problem = RwSignal::new(None::<String>);
    let save = move |_| {
        let trials = page.peek(|state| state.find.trials.clone());
        problem.set(trials.and_then(|trials| save_trials(&trials).err()));
    };
    view! {
        <p><button type="button" class="link" on:click=save>"Save CSV"</button></p>
        {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
    }
}
