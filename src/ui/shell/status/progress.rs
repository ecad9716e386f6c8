//! The progress bar.

use leptos::prelude::*;

use crate::state::State;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The part of the work that is done.
#[component]
pub fn Progress(page: Page) -> impl IntoView {
    let fraction = page.memo(fraction);
    view! {
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
    }
}

/// The part of the work that is done, 0 to 1; `None` when nothing that can be stopped is under way.
fn fraction(state: &State) -> Option<f64> {
    state.under_way().filter(|_| state.can_stop()).map(|work| work.fraction.unwrap_or(0.0))
}
