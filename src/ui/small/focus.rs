//! Moving the keyboard focus between elements of one widget.

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Gives the focus to a child, by its index.
pub fn focus_child(parent: NodeRef<Div>, index: usize) {
    let child = parent.get_untracked().and_then(|parent| parent.children().item(u32::try_from(index).ok()?));
    focus(child);
}

/// Where a key leads in a row of `n` tabs: arrows go around, Home and End to the ends. `None` for every other key.
pub fn next_tab(key: &str, at: usize, n: usize) -> Option<usize> {
    match key {
        "ArrowRight" => Some((at + 1) % n),
        "ArrowLeft" => Some((at + n - 1) % n),
        "Home" => Some(0),
        "End" => Some(n - 1),
        _ => None,
    }
}

/// Gives the focus to an element that is there and can have it.
pub fn focus(element: Option<Element>) {
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // An element that has left the document needs no focus.
        let _ = element.focus();
    }
}
