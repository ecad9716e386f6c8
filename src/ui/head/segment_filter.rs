//! Which part of a sentence pair is shown: All, A→A, A→B, B→A, B→B.

use leptos::prelude::*;

use crate::state::{Event, SegmentFilter, ViewEvent};
use crate::trace::Side;
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::radio_group::RadioGroup;

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
    view! {
        <Show when=move || is_pair.get()>
            <RadioGroup
                name="segment"
                label="Attention"
                class="segments"
                options=SegmentFilter::EACH.map(|segment| (segment, segment.label().to_owned())).to_vec()
                picked=move || Some(picked.get())
                pick=move |segment| page.dispatch(Event::View(ViewEvent::SegmentPicked(segment)))
            />
        </Show>
    }
}
