//! Which of an encoder-decoder model's attentions: Encoder, Decoder, Cross.

use leptos::prelude::*;

use crate::state::{Event, ScaleEvent};
use crate::trace::AttnKind;
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;

/// The radio group "Stack"; only for models with two stacks.
#[component]
pub fn KindChoice(page: Page) -> impl IntoView {
    let has_two = page.memo(|state| state.shown.as_ref().is_some_and(|shown| shown.target.is_some()));
    let picked = page.memo(|state| state.selection.kind);
    let choice = move |kind: AttnKind| {
        let title = match kind {
            AttnKind::ENCODER => "The source reads itself",
            AttnKind::DECODER => "The target reads itself",
            _ => "The target (rows) reads the source (columns)",
        };
        view! {
            <label class="choice" title=title>
                <input
                    type="radio"
                    name="stack"
                    prop:checked=move || picked.get() == kind
                    on:change=move |_| page.dispatch(Event::Scale(ScaleEvent::KindPicked(kind)))
                />
                <span>{kind.label()}</span>
            </label>
        }
    };
    view! {
        <Show when=move || has_two.get()>
            <fieldset class="control stacks" role="radiogroup" aria-label="Stack">
                <legend class="label">"Stack"</legend>
                <div class="joined">{AttnKind::THREE.map(choice).collect_view()}</div>
            </fieldset>
        </Show>
    }
}
