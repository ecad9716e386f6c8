//! The views as tab panels, of which one or two are on screen.

use leptos::prelude::*;

use super::{is_shown, panel_id, tab_id};
use crate::render::Scheme;
use crate::state::{RUNS_MODELS, View};
use crate::ui::erased::{Derived, Show, view};
use crate::ui::map::ModelMap;
use crate::ui::shell::page::Page;

/// The views on screen, side by side where there is room.
#[component]
pub fn ScaleViews(
    page: Page,
    scheme: Derived<Scheme>,
    /// The head view.
    children: Children,
) -> impl IntoView {
    let has_model = is_shown(page, View::Model);
    let has_head = is_shown(page, View::Head);
    let has_neuron = is_shown(page, View::Neuron);
    let has_stream = is_shown(page, View::Stream);
    let has_find = is_shown(page, View::Find);
    let panel = |view: View, is_on: Derived<bool>, content: AnyView| {
        view! {
            <div
                role="tabpanel"
                id=panel_id(view)
                aria-labelledby=tab_id(view)
                class:none=move || !is_on.get()
            >
                {content}
            </div>
        }
    };
    view! {
        <div
            class="scales"
            class:with-model=move || has_model.get()
            class:with-head=move || has_head.get()
        >
            {panel(View::Model, has_model, view! {
                <Show when=move || has_model.get()><ModelMap page scheme is_small=false /></Show>
            })}
            {panel(View::Head, has_head, children())}
            {panel(View::Neuron, has_neuron, view! {
                <Show when=move || has_neuron.get()>
                    {page.parts().awaited(move |views| (views.neurons)(page, scheme))}
                </Show>
            })}
            {panel(View::Stream, has_stream, view! {
                <Show when=move || has_stream.get()>
                    {page.parts().awaited(move |views| (views.stream)(page, scheme))}
                </Show>
            })}
            {RUNS_MODELS.then(|| panel(View::Find, has_find, view! {
                <Show when=move || has_find.get()>
                    {page.parts().awaited(move |views| (views.find)(page))}
                </Show>
            }))}
        </div>
    }
}
