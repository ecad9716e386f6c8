//! HTML that shows this view in somebody else's page.

use leptos::html::Textarea;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::figures::{Made, Scenes, Wanted, make};
use crate::platform::download::copy_text;
use crate::render::figure::Preset;
use crate::state::{State, wording};
use crate::ui::erased::{Derived, view};
use crate::ui::head::scene::Scene;
use crate::ui::shell::page::Page;

/// The dialog's content: the code, with or without a picture.
#[component]
pub fn EmbedCode(page: Page, scene: Derived<Option<Scene>>) -> impl IntoView {
    let has_copied = RwSignal::new(false);
    let scenes = Scenes::new(page, scene);
    let wants_picture = RwSignal::new(true);
    let is_run = page.memo(|state| state.embeds_a_run());
    let field = NodeRef::<Textarea>::new();
    // Drawn when the dialog opens; the view behind it does not change.
    let picture = Derived::new(move || if is_run.get() { picture(page, scenes) } else { None });
    let code = Derived::new(move || {
        let picture = picture.get().filter(|_| wants_picture.get());
        page.peek(|state| state.embed_code(picture.as_deref()))
    });
    let copy = move |_| {
        let Some(code) = code.get_untracked() else { return };
        spawn_local(async move {
            if copy_text(&code).await.is_ok() {
                has_copied.try_set(true);
            } else if let Some(field) = field.try_get_untracked().flatten() {
                // Without access to the clipboard the code is selected for copying by hand.
                field.select();
            }
        });
    };
    view! {
        <textarea
            class="embed-code"
            aria-label="Embed code"
            rows="6"
            readonly=true
            spellcheck="false"
            node_ref=field
            prop:value=move || code.get().unwrap_or_default()
        ></textarea>
        {move || picture.with(|picture| picture.as_ref().map(String::len)).map(|n_bytes| view! {
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || wants_picture.get()
                    on:change:target=move |event| {
                        has_copied.set(false);
                        wants_picture.set(event.target().checked());
                    }
                />
                <span>
                    {format!("With a still picture, shown until somebody interacts with it ({})", wording::bytes(n_bytes as u64))}
                </span>
            </label>
        })}
        <p class="note">
            "The view is still until somebody touches it, loads a model only with Run, and takes on the colours of the page \
            around it."
        </p>
        <p>
            <button type="button" class="primary" on:click=copy>
                {move || if has_copied.get() { "Copied" } else { "Copy embed code" }}
            </button>
        </p>
    }
}

/// The first view on screen as SVG.
fn picture(page: Page, scenes: Scenes) -> Option<String> {
    let what = page.peek(State::on_screen).into_iter().next()?;
    match make(page, scenes, what, Wanted::Figure(Preset::Page))? {
        Made::Figure(drawn, _) => Some(drawn.svg),
        Made::Table(_) => None,
    }
}
