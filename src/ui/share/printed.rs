//! The printed sheet: the figures on screen, without the page around them.

use leptos::html::Div;
use leptos::prelude::*;

use super::figures::{Made, Scenes, Wanted, make};
use crate::platform::picture::element_of;
use crate::render::figure::Preset;
use crate::state::State;
use crate::ui::erased::{Derived, view};
use crate::ui::head::scene::Scene;
use crate::ui::shell::page::Page;

/// Filled while the browser prints; the style sheet then hides everything else.
#[component]
pub fn Printed(page: Page, scene: Derived<Option<Scene>>) -> impl IntoView {
    let sheet = NodeRef::<Div>::new();
    let scenes = Scenes::new(page, scene);
    let clear = move || {
        if let Some(sheet) = sheet.get_untracked() {
            sheet.replace_children_with_node_0();
        }
    };
    let fill = window_event_listener_untyped("beforeprint", move |_| {
        clear();
        let Some(sheet) = sheet.get_untracked() else { return };
        for what in page.peek(State::on_screen) {
            if let Some(Made::Figure(drawn, _)) = make(page, scenes, what, Wanted::Figure(Preset::Page))
                && let Ok(picture) = element_of(&drawn.svg)
            {
                // An element in the document takes children.
                let _ = sheet.append_child(&picture);
            }
        }
    });
    let empty = window_event_listener_untyped("afterprint", move |_| clear());
    on_cleanup(move || {
        fill.remove();
        empty.remove();
    });
    view! { <div class="printed" node_ref=sheet aria-hidden="true"></div> }
}
