//! The first stop of the Tab key: past the bars, to the figure.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::floor::STAGE;
use crate::ui::erased::view;
use crate::ui::small::focus::focus;

/// Seen while it has the focus. The address holds the page's state, so the link does not change it.
#[component]
pub fn SkipLink() -> impl IntoView {
    let go = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        focus(first_stop());
    };
    view! { <a class="skip-link" href=format!("#{STAGE}") on:click=go>"Skip to the figure"</a> }
}

/// The first stop of the Tab key in the view on screen: a token, a head, a cell.
fn first_stop() -> Option<web_sys::Element> {
    let stops = document().query_selector_all(&format!("#{STAGE} .scales [tabindex='0']")).ok()?;
    let mut each = (0..stops.length()).filter_map(|at| stops.item(at)?.dyn_into::<HtmlElement>().ok());
    each.find(|stop| stop.offset_parent().is_some()).map(Into::into)
}
