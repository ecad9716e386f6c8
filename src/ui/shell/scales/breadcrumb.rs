//! Where the reader is: model, head, token, neuron; each step leads to its view.

use leptos::prelude::*;

use crate::state::{Event, SelectionEvent, View, wording};
use crate::trace::Side;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// A step, and the view that it leads to.
#[derive(Clone, PartialEq)]
struct Crumb {
    text: String,
    view: View,
    is_code: bool,
}

/// "all-MiniLM-L6-v2 › L2H9 › cat › neuron 17".
#[component]
pub fn Breadcrumb(page: Page) -> impl IntoView {
    let crumbs = page.memo(|state| {
        let Some(shown) = &state.shown else { return Vec::new() };
        let crumb = |text: String, view: View, is_code: bool| Crumb { text, view, is_code };
        let selection = &state.selection;
        let model = shown.model_name.split(", ").next().unwrap_or_default().to_owned();
        let head = match selection.heads.len() {
            1 => wording::head_of_kind(shown.kind, selection.layer, selection.head()),
            several if selection.view == View::Neuron => {
                let name = wording::head_of_kind(shown.kind, selection.layer, selection.head());
                format!("{name} (first of {several})")
            }
            several => wording::of_kind(shown.kind, &format!("Layer {}, {several} heads", selection.layer)),
        };
        let mut crumbs = vec![crumb(model, View::Model, false), crumb(head, View::Head, false)];
        // The pinned query, not the hovered one, so that the steps do not flicker.
        let query = selection.queries.iter().next_back();
        if let Some(label) = query.and_then(|&query| shown.labels(Side::Query).get(query)) {
            crumbs.push(crumb(label.plain.clone(), View::Neuron, true));
        }
        if let Some(neuron) = selection.neuron {
            crumbs.push(crumb(format!("neuron {neuron}"), View::Neuron, false));
        }
        crumbs
    });
    let item = move |crumb: Crumb| {
        let view = crumb.view;
        view! {
            <li>
                <button
                    type="button"
                    class="link"
                    class:code=crumb.is_code
                    on:click=move |_| page.dispatch(Event::Select(SelectionEvent::ViewPicked(view)))
                >
                    <bdi>{wording::brief(&crumb.text)}</bdi>
                </button>
            </li>
        }
    };
    view! {
        <nav class="breadcrumb" aria-label="Breadcrumb">
            <ol>{move || crumbs.get().into_iter().map(item).collect_view()}</ol>
        </nav>
    }
}
