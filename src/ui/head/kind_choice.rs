//! Which of an encoder-decoder model's attentions is shown: Encoder, Decoder, Cross.

use leptos::prelude::*;

use crate::state::{Event, SelectionEvent};
use crate::trace::AttnKind;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::radio_group::RadioGroup;

/// The radio group "Stack"; only for models with two stacks. A trace offers the attentions that it holds.
#[component]
pub fn KindChoice(page: Page) -> impl IntoView {
    let offered = page.memo(|state| {
        let shown = state.shown.as_ref().filter(|shown| shown.target.is_some());
        shown.map(|shown| AttnKind::THREE.map(|kind| shown.holds(kind))).unwrap_or_default()
    });
    let picked = page.memo(|state| state.selection.kind);
    let group = move || {
        let options = AttnKind::THREE.into_iter().zip(offered.get()).filter(|(_, is_offered)| *is_offered);
        let options: Vec<_> = options.map(|(kind, _)| (kind, kind.label().to_owned())).collect();
        (!options.is_empty()).then(|| {
            view! {
                <RadioGroup
                    name="stack"
                    label="Stack"
                    class="stacks"
                    options=options
                    title=title
                    picked=move || Some(picked.get())
                    pick=move |kind| page.dispatch(Event::Select(SelectionEvent::KindPicked(kind)))
                />
            }
        })
    };
    view! { <>{group}</> }
}

fn title(kind: AttnKind) -> &'static str {
    match kind {
        AttnKind::ENCODER => "The source reads itself",
        AttnKind::DECODER => "The target reads itself",
        _ => "The target (rows) reads the source (columns)",
    }
}
