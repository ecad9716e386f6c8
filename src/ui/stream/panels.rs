//! The stream view's panels in the inspector.

use leptos::prelude::*;

use super::cell_edit::ChangeCell;
use super::detail::CellDetail;
use super::model::Stream;
use super::path_panel::PathPanel;
use super::written::WrittenHere;
use crate::state::RUNS_MODELS;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// What is known of the chosen cell.
#[component]
pub fn StreamPanels(page: Page) -> impl IntoView {
    let stream = Stream::new(page);
    view! {
        <CellDetail stream />
        <WrittenHere stream />
        {RUNS_MODELS.then(|| view! { <PathPanel stream /> <ChangeCell stream /> })}
    }
}
