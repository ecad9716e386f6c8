//! What a frame and its host tell each other.
//!
//! The frame tells its host `ready`, then `selection` (what is looked at, as a link) and `hover` (what is pointed at, as a link)
//! whenever these change. The host may send `theme`; `ground`, the colour that it stands on; `link`, which is followed like one in the address;
//! and `who`, to hear the selection again.

use leptos::html::Main;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

use crate::platform::frame::{hear_host, tell_host};
use crate::state::link::Link;
use crate::state::{Event, LinkEvent, State, Theme, TokenRef, ViewEvent};
use crate::trace::Side;
use crate::ui::erased::effect;
use crate::ui::shell::page::Page;
use crate::ui::small::watched::element_size;

/// Speaks with the host about choices and colours.
pub fn speak_with_host(page: Page) {
    let link = page.memo(|state| state.file_link().unwrap_or_default());
    let tell_selection = move |link: &String| {
        if !link.is_empty() {
            tell_host("selection", &link.into());
        }
    };
    hear_host(move |about, value| {
        let Some(value) = value.as_string() else { return };
        match (about, Theme::from_name(&value)) {
            ("theme", Some(theme)) => page.dispatch(Event::View(ViewEvent::ThemePicked(theme))),
            ("ground", _) => stand_on(&value),
            ("link", _) => page.dispatch(Event::Link(LinkEvent::Came(value))),
            ("who", _) => link.with_untracked(tell_selection),
            _ => {}
        }
    });
    tell_host("ready", &JsValue::NULL);
    effect(move || link.with(tell_selection));
    let hover = page.memo_hover(hover_link);
    effect(move || hover.with(|hover| tell_host("hover", &hover.into())));
}

/// Tells the host how tall the content is: whenever that changes, and to a host that tells the theme, since a host whose script
/// loaded after this frame has missed it.
pub fn tell_size_to_host(root: NodeRef<Main>) {
    let (_, height) = element_size(root);
    // The observed size leaves out the padding; the height told includes it.
    let tell_size = move || {
        let height = root.get_untracked().map_or(0.0, |root| root.get_bounding_client_rect().height());
        if height > 0.0 {
            tell_host("size", &height.ceil().into());
        }
    };
    hear_host(move |about, _| {
        if about == "theme" {
            tell_size();
        }
    });
    effect(move || {
        height.track();
        tell_size();
    });
}

/// What is pointed at, in the words of a link.
fn hover_link(state: &State) -> String {
    let selection = &state.selection;
    let mut link = Link { neuron: selection.hover_neuron, ..Link::default() };
    if let Some(TokenRef { side, position }) = selection.hover {
        let (of_side, of_other) = match side {
            Side::Query => (&mut link.queries, &mut link.keys),
            Side::Key => (&mut link.keys, &mut link.queries),
        };
        of_side.insert(position);
        of_other.extend(selection.hover_other);
    }
    link.write_without_edits()
}

/// Draws what hides something else in the colour of the host's page, which otherwise shows through: "rgb(253, 246, 227)".
fn stand_on(ground: &str) {
    let is_colour = ground
        .strip_prefix("rgb(")
        .and_then(|rest| rest.strip_suffix(')'))
        .is_some_and(|numbers| numbers.len() < 20 && numbers.split(", ").all(|number| number.parse::<u8>().is_ok()));
    let root = document().document_element().and_then(|root| root.dyn_into::<HtmlElement>().ok());
    if let (true, Some(root)) = (is_colour, root) {
        // Setting a property or an attribute of the root cannot fail.
        let _ = root.style().set_property("--paper", ground);
        let _ = root.set_attribute("data-ground", "");
    }
}
