//! The slider that hides small weights.

use leptos::prelude::*;

use crate::protocol::Quantity;
use crate::state::{Display, DisplayChange, Event, MIN_WEIGHTS, ViewEvent};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// A slider with a step for each of [`MIN_WEIGHTS`].
#[component]
pub fn MinWeight(page: Page, display: Derived<Display>) -> impl IntoView {
    view! {
        <label class="control">
            <span class="label">"Minimum weight"</span>
            <input
                type="range"
                min="0"
                max=(MIN_WEIGHTS.len() - 1).to_string()
                step="1"
                aria-valuetext=move || weight_words(display.get())
                prop:value=move || step_of(display.get().min_weight_thousandths).to_string()
                on:input:target=move |event| {
                    let step: usize = event.target().value().parse().unwrap_or(0);
                    let thousandths = MIN_WEIGHTS.get(step).copied().unwrap_or(0);
                    page.dispatch(Event::View(ViewEvent::DisplayChanged(DisplayChange::MinWeight(thousandths))));
                }
            />
            <span class="amount">{move || weight_words(display.get())}</span>
        </label>
    }
}

/// The least weight drawn, in words.
pub fn weight_words(display: Display) -> String {
    match display.min_weight_thousandths {
        0 => "none".to_owned(),
        thousandths if display.quantity == Quantity::Norms => {
            format!("{} % of the scale", f64::from(thousandths) / 10.0)
        }
        thousandths => (f64::from(thousandths) / 1_000.0).to_string(),
    }
}

/// The slider's step for a weight: the largest step that is not above it.
fn step_of(thousandths: u16) -> usize {
    MIN_WEIGHTS.iter().rposition(|&step| step <= thousandths).unwrap_or(0)
}
