//! The status and the progress alone, for a frame.

use leptos::prelude::*;

use super::progress::Progress;
use super::text::StatusText;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The status line of a frame.
#[component]
pub fn FrameStatus(page: Page) -> impl IntoView {
    view! {
        <div class="status-line">
            <Progress page />
            <div class="status-text"><StatusText page /></div>
        </div>
    }
}
