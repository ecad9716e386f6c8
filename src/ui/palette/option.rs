//! One command in the list.

use leptos::prelude::*;

use super::keys::for_this_keyboard;
use crate::state::palette::Command;
use crate::state::wording::shortened_to;
use crate::ui::erased::view;

/// Letters of a name that are shown: a model may be called anything.
const N_LETTERS: usize = 80;

/// Id of an option, by its place in the list.
pub(super) fn option_id(index: usize) -> String {
    format!("palette-option-{index}")
}

/// Its name, what it is about, and its keys.
#[component]
pub(super) fn Found(command: Command, index: usize, reached: RwSignal<usize>, run: Callback<usize>) -> impl IntoView {
    let Command { about, name, detail, keys, .. } = command;
    view! {
        <div
            role="option"
            id=option_id(index)
            aria-selected=move || (reached.get() == index).to_string()
            // The focus stays in the field.
            on:pointerdown=move |event| event.prevent_default()
            on:pointermove=move |_| {
                if reached.get_untracked() != index {
                    reached.set(index);
                }
            }
            on:click=move |_| run.run(index)
        >
            <span class="name"><bdi>{shortened_to(&name, N_LETTERS)}</bdi></span>
            <span class="detail"><bdi>{shortened_to(&detail, N_LETTERS)}</bdi></span>
            <span class="about">
                {if keys.is_empty() { about.label().into_any() } else { view! { <kbd>{for_this_keyboard(keys)}</kbd> } }}
            </span>
        </div>
    }
}
