//! How far trials are, and what stops them.

use std::sync::Arc;

use leptos::prelude::*;

use super::stop::StopButton;
use crate::state::find::Trials;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// "Stop" while the trials run, and a status of the given name.
#[component]
pub fn TrialsProgress(page: Page, trials: Derived<Option<Arc<Trials>>>, label: &'static str) -> impl IntoView {
    let is_running =
        Derived::new(move || trials.with(|trials| trials.as_ref().is_some_and(|trials| trials.is_under_way())));
    let status = move || trials.with(|trials| trials.as_ref().map(|trials| trials.status()));
    view! {
        <StopButton page is_running />
        <span class="label" role="status" aria-label=label>{status}</span>
    }
}
