//! "Embed", which opens the dialog with the HTML of this view.

use leptos::prelude::*;

use super::dialog_button::DialogButton;
use crate::ui::erased::{Derived, view};
use crate::ui::head::scene::Scene;
use crate::ui::shell::page::Page;

/// "Embed", and the dialog with the code.
#[component]
pub fn EmbedButton(page: Page, scene: Derived<Option<Scene>>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    view! {
        <DialogButton
            page
            is_open
            label="Embed"
            title="HTML that shows this view in another page"
            heading="Show this view in another page"
            id="embed-dialog"
        >
            {page.parts().awaited(move |views| (views.embed_code)(page, scene))}
        </DialogButton>
    }
}
