//! Which of an encoder-decoder model's attentions is shown: Encoder, Decoder, Cross.

use leptos::prelude::*;

use crate::state::{Event, SelectionEvent};
use crate::trace::AttnKind;
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::radio_group::RadioGroup;

/// The radio group "Stack"; only for models with two stacks.
#[component]
pub fn KindChoice(page: Page) -> impl IntoView {
    let has_two = page.memo(|state| state.shown.as_ref().is_some_and(|shown| shown.target.is_some()));
    let picked = page.memo(|state| state.selection.kind);
    view! {
        <Show when=move || has_two.get()>
            <RadioGroup
                name="stack"
                label="Stack"
                class="stacks"
                options=AttnKind::THREE.map(|kind| (kind, kind.label().to_owned())).to_vec()
                title=title
                picked=move || Some(picked.get())
                pick=move |kind| page.dispatch(Event::Select(SelectionEvent::KindPicked(kind)))
            />
        </Show>
    }
}

fn title(kind: AttnKind) -> &'static str {
    match kind {
        AttnKind::ENCODER => "The source reads itself",
        AttnKind::DECODER => "The target reads itself",
        _ => "The target (rows) reads the source (columns)",
    }
}
