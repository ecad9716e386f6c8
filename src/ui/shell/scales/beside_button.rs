//! The buttons that put something beside the view.

use leptos::prelude::*;

use crate::state::{Event, LayoutChange, View, ViewEvent};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// "Head beside" puts the chosen head beside the model view; "Side by side" puts any other view, of the same result or of another one,
/// beside the view. Where the bar is short they are icons.
#[component]
pub fn BesideButton(page: Page) -> impl IntoView {
    let has_pane = page.memo(|state| state.pane().is_some());
    let is_model = page.memo(|state| state.selection.view == View::Model && state.pane().is_none());
    let has_head = page.memo(|state| state.layout.has_head_beside);
    let put_head = move |_| {
        let is_on = !has_head.get_untracked();
        page.dispatch(Event::View(ViewEvent::LayoutChanged(LayoutChange::HeadBeside(is_on))));
    };
    let put_view = move |_| page.dispatch(Event::View(ViewEvent::SideBySide(!has_pane.get_untracked())));
    view! {
        <button
            type="button"
            class="quiet beside-choice"
            class:none=move || !is_model.get()
            title="The chosen head beside the map"
            aria-pressed=move || has_head.get().to_string()
            on:click=put_head
        >
            <span class="beside-icon of-head" aria-hidden="true"></span>
            <span class="beside-word">"Head beside"</span>
        </button>
        <button
            type="button"
            class="quiet beside-choice"
            title="Another view, or the same view of another result, beside this one"
            aria-pressed=move || has_pane.get().to_string()
            on:click=put_view
        >
            <span class="beside-icon" aria-hidden="true"></span>
            <span class="beside-word">"Side by side"</span>
        </button>
    }
}
