//! Which part of a sentence pair: All, A→A, A→B, B→A, B→B.

use leptos::prelude::*;

use crate::state::{Event, SegmentFilter};
use crate::trace::Side;
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;

/// The radio group "Attention"; only for pairs.
#[component]
pub fn SegmentFilterChoice(page: Page) -> impl IntoView {
    let is_pair = page.memo(|state| {
        state
            .shown
            .as_ref()
            .is_some_and(|shown| shown.has_same_tokens() && shown.tokens(Side::Query).segments.len() == 2)
    });
    let picked = page.memo(|state| state.options.segment);
    let choice = move |segment: SegmentFilter| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="segment"
                    prop:checked=move || picked.get() == segment
                    on:change=move |_| page.dispatch(Event::SegmentPicked(segment))
                />
                <span>{segment.label()}</span>
            </label>
        }
    };
    view! {
        <Show when=move || is_pair.get()>
            <fieldset class="control segments" role="radiogroup" aria-label="Attention">
                <legend class="label">"Attention"</legend>
                <div class="joined">{SegmentFilter::EACH.map(choice).collect_view()}</div>
            </fieldset>
        </Show>
    }
}
