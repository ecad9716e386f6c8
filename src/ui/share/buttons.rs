//! The buttons that open, save, export, link and embed.

use leptos::prelude::*;

use super::copy_link::CopyLink;
use super::drop::DropZone;
use super::embed_button::EmbedButton;
use super::export_button::ExportButton;
use super::open_button::OpenButton;
use super::save_button::SaveButton;
use crate::ui::erased::{Derived, view};
use crate::ui::head::scene::Scene;
use crate::ui::shell::page::Page;

/// The buttons, and the dialogs behind them.
#[component]
pub fn ShareButtons(page: Page, scene: Derived<Option<Scene>>, is_saving: RwSignal<bool>) -> impl IntoView {
    // A saved page lies on disk and has no address that others could open.
    let is_page = page.peek(|state| state.home.is_page());
    view! {
        <div class="share-buttons" role="group" aria-label="Share">
            <OpenButton page />
            <SaveButton page is_open=is_saving />
            <ExportButton page scene />
            {is_page.then(|| view! {
                <CopyLink page is_saving />
                <EmbedButton page scene />
            })}
        </div>
        <DropZone page />
    }
}
