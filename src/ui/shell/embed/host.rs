//! What the frame and its host tell each other.

use leptos::html::Main;
use leptos::prelude::*;

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
