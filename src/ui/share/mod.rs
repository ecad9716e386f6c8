//! Taking what is on screen along: as a link, a trace, or a figure; and opening a trace.

mod copy_link;
mod drop;
mod export;
mod figures;
mod open;
mod printed;
mod save;

use leptos::prelude::*;

use super::page::Page;
use super::scene::Scene;
use copy_link::CopyLink;
use drop::DropZone;
use export::ExportButton;
use open::OpenButton;
pub use printed::Printed;
use save::SaveButton;

/// The buttons, and the dialogs behind them.
#[component]
pub fn Share(
    /// The page.
    page: Page,
    /// What the head view shows.
    scene: Memo<Option<Scene>>,
    /// Whether the dialog that saves a trace is open.
    is_saving: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <div class="take-along" role="group" aria-label="Share">
            <OpenButton page />
            <SaveButton page is_open=is_saving />
            <ExportButton page scene />
            <CopyLink page is_saving />
        </div>
        <DropZone page />
    }
}
