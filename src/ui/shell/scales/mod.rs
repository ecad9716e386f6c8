//! The bar over the views, with tabs and breadcrumb, and the views on screen.

mod breadcrumb;
mod tabs;
mod views;

use leptos::prelude::*;

use super::page::Page;
use crate::state::wording::brief;
use crate::state::{Event, LinkEvent, RUNS_MODELS, View, ViewEvent};
use crate::ui::change::column_button::PanelButton;
use crate::ui::erased::{Derived, view};
use tabs::Tabs;

pub use breadcrumb::Breadcrumb;
pub use views::{ScaleViews, SmallMap};

/// The bar over the views: which view, where in the model, and whether two views stand side by side.
#[component]
pub fn ScaleBar(page: Page, is_saving: RwSignal<bool>, panel: Option<Signal<bool>>) -> impl IntoView {
    let is_beside = page.memo(|state| state.scales.is_side_by_side);
    let is_model = page.memo(|state| state.selection.view == View::Model);
    let notice = page.memo(|state| state.linking.notice.clone());
    let read = move |_| page.dispatch(Event::Link(LinkEvent::NoticeRead));
    view! {
        <div class="scale-bar">
            <Tabs page />
            <Breadcrumb page />
            <button
                type="button"
                class="quiet beside-choice"
                class:gone=move || is_model.get()
                title="Head view and neuron view beside each other, following each other"
                aria-pressed=move || is_beside.get().to_string()
                on:click=move |_| page.dispatch(Event::View(ViewEvent::SideBySide(!is_beside.get_untracked())))
            >
                {move || if is_beside.get() { "One view" } else { "Side by side" }}
            </button>
            {panel.filter(|_| RUNS_MODELS).map(|is_open| view! { <PanelButton page is_open /> })}
        </div>
        {move || notice.get().map(|notice| view! {
            <p class="note link-note" role="alert">
                {brief(&notice)}
                " "
                {page.peek(|state| state.linking.is_too_long).then(|| view! {
                    <button type="button" class="link" on:click=move |_| is_saving.set(true)>"Save trace …"</button>
                    " "
                })}
                <button type="button" class="link" on:click=read>"Dismiss"</button>
            </p>
        })}
    }
}

/// Whether a view is on screen.
pub fn is_shown(page: Page, view: View) -> Derived<bool> {
    page.memo(move |state| state.scales.views(state.selection.view).contains(&view))
}

/// Id of a view's panel.
pub fn panel_id(view: View) -> String {
    format!("panel-{}", view.name())
}

/// Id of a view's tab.
pub fn tab_id(view: View) -> String {
    format!("tab-{}", view.name())
}
