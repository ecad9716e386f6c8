//! What saves the figure on the stage, and the way back.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::render::figure::Preset;
use crate::state::editing::EditEvent;
use crate::state::{Event, OnScreen};
use crate::ui::erased::view;
use crate::ui::share::figures::{Wanted, effects};
use crate::ui::share::{Format, hand_over};
use crate::ui::shell::page::Page;

/// "Save CSV", "Save SVG" and "Back to the view"; `problem` says why nothing was saved.
#[component]
pub fn StageFiles(page: Page, problem: RwSignal<Option<String>>) -> impl IntoView {
    let save = move |wanted: Wanted, format: Format| {
        let made = page.peek(|state| Some((effects(state, wanted)?, state.figure_stem(OnScreen::Effects))));
        let Some((made, stem)) = made else { return };
        spawn_local(async move {
            problem.try_set(hand_over(made, format, &stem).await.err());
        });
    };
    view! {
        <button type="button" class="link" on:click=move |_| save(Wanted::Table, Format::Csv)>"Save CSV"</button>
        <button type="button" class="link" on:click=move |_| save(Wanted::Figure(Preset::Page), Format::Svg)>"Save SVG"</button>
        <button type="button" class="link" on:click=move |_| page.dispatch(Event::Editing(EditEvent::SweepShown(false)))>
            "Back to the view"
        </button>
    }
}
