//! What the frame and its host tell each other.

use leptos::html::Main;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::platform::frame::{hear_host, tell_host};
use crate::state::{Event, Theme, ViewEvent};
use crate::ui::erased::effect;
use crate::ui::shell::page::Page;
use crate::ui::shell::theme::follow_theme;
use crate::ui::small::watched::element_size;

/// Follows the host's theme, and tells the host how tall the content is.
pub fn follow_host(page: Page, root: NodeRef<Main>) {
    follow_theme(page);
    let (_, height) = element_size(root);
    // The observed size leaves out the padding; the height told includes it.
    let tell_size = move || {
        let height = root.get_untracked().map_or(0.0, |root| root.get_bounding_client_rect().height());
        if height > 0.0 {
            tell_host("size", &height.ceil().into());
        }
    };
    hear_host(move |about, value| {
        if let ("ground", Some(ground)) = (about, value.as_string()) {
            stand_on(&ground);
        }
        let theme = value.as_string().and_then(|name| Theme::from_name(&name));
        if let ("theme", Some(theme)) = (about, theme) {
            page.dispatch(Event::View(ViewEvent::ThemePicked(theme)));
            // A host whose script loaded after this frame has missed the size.
            tell_size();
        }
    });
    tell_host("ready", &wasm_bindgen::JsValue::NULL);
    effect(move || {
        height.track();
        tell_size();
    });
}

/// Draws what hides something else in the colour of the host's page, which otherwise shows through: "rgb(253, 246, 227)".
fn stand_on(ground: &str) {
    let is_colour = ground.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')')).is_some_and(|numbers| {
        numbers.len() < 20 && numbers.split(", ").all(|number| number.parse::<u8>().is_ok())
    });
    let root = document().document_element().and_then(|root| root.dyn_into::<HtmlElement>().ok());
    if let (true, Some(root)) = (is_colour, root) {
        // Setting a property or an attribute of the root cannot fail.
        let _ = root.style().set_property("--paper", ground);
        let _ = root.set_attribute("data-ground", "");
    }
}
