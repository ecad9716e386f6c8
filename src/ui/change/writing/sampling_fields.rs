//! How the next token is drawn.

use leptos::prelude::*;

use crate::protocol::SamplingAsked;
use crate::state::editing::EditEvent;
use crate::state::{Event, typed};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// Temperature, top k, top p and seed.
#[component]
pub fn SamplingFields(page: Page, can_write: Derived<bool>) -> impl IntoView {
    view! {
            <div class="fields sampling" class:gone=move || !can_write.get()>
                {number(page, "Temperature", "0", |sampling| sampling.temperature.to_string(), |sampling, text| {
                    sampling.temperature = typed::number(text).filter(|value| *value >= 0.0).unwrap_or(0.0);
                })}
                {number(page, "Top k", "0", |sampling| sampling.top_k.to_string(), |sampling, text| {
                    sampling.top_k = text.parse().unwrap_or(0);
                })}
                {number(page, "Top p", "0", |sampling| sampling.top_p.to_string(), |sampling, text| {
                    sampling.top_p = typed::number(text).filter(|value| *value > 0.0 && *value <= 1.0).unwrap_or(1.0);
                })}
                {number(page, "Seed", "0", |sampling| sampling.seed.to_string(), |sampling, text| {
                    sampling.seed = text.parse().unwrap_or(0);
                })}
            </div>
    }
}

/// A number of the sampling settings.
fn number(
    page: Page,
    name: &'static str,
    least: &'static str,
    read: fn(&SamplingAsked) -> String,
    write: fn(&mut SamplingAsked, &str),
) -> impl IntoView {
    let value = page.memo(move |state| read(&state.editing.sampling));
    view! {
        <label>
            {name}
            <input
                type="number"
                step="any"
                min=least
                prop:value=move || value.get()
                on:change:target=move |event| {
                    let mut sampling = page.peek(|state| state.editing.sampling);
                    write(&mut sampling, &event.target().value());
                    page.dispatch(Event::Editing(EditEvent::SamplingPicked(sampling)));
                }
            />
        </label>
    }
}
