//! What the page says when its second part could not be fetched.

use leptos::prelude::*;

use super::{Coming, Parts};
use crate::ui::erased::view;

/// Says that the views could not be fetched, and offers to try again.
#[component]
pub fn Missing(parts: Parts) -> impl IntoView {
    move || {
        matches!(parts.views.get(), Coming::Failed).then(|| {
            view! {
                <p class="note problem" role="alert">
                    "Panels, dialogs, the neuron view and the means to run models could not be loaded. Check the connection, or reload the page. "
                    {parts.again()}
                </p>
            }
        })
    }
}
