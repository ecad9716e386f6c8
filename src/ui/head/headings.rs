//! The headings over the head view: the names of the columns, and between them what each panel shows.

use leptos::prelude::*;

use super::scene::Scene;
use crate::protocol::Quantity;
use crate::render::{Columns, Received, Span};
use crate::state::wording;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::css::px;

/// The names of the two columns and, between them, of the heads drawn.
#[component]
pub fn Headings(
    page: Page,
    scene: Derived<Option<Scene>>,
    received: Derived<Option<Received>>,
    columns: Derived<Columns>,
    panels: Derived<Vec<Span>>,
) -> impl IntoView {
    let drawn = Derived::new(move || scene.with(|scene| scene.as_ref().map(headings).unwrap_or_default()));
    let names = Derived::new(move || {
        let is_cross = scene.with(|scene| scene.as_ref().is_some_and(|scene| !scene.has_same_tokens()));
        if is_cross { (", target", ", source") } else { (" reads", " is read") }
    });
    let is_late = page.memo(|state| state.awaits_layer() || state.awaits_quantity());
    let is_matrix = Derived::new(move || scene.with(|scene| scene.as_ref().is_some_and(Scene::is_matrix)));
    let shows_means =
        Derived::new(move || received.with(|received| received.as_ref().is_some_and(|received| received.is_mean)));
    let titles = move || {
        let names = drawn.get().into_iter().zip(panels.get());
        names
            .map(|(name, panel)| {
                view! {
                    <span
                        class="drawn"
                        class:late=move || is_late.get()
                        style:left=px(panel.x)
                        style:width=px(panel.width)
                    >
                        {name}
                    </span>
                }
            })
            .collect_view()
    };
    view! {
        <div class="headings">
            <span class="query" style:width=move || px(columns.get().query_token.end())>
                "Query" <span class="aside">{move || names.get().0}</span>
            </span>
            {titles}
            <span
                class="key"
                class:gone=move || is_matrix.get()
                style:left=move || px(columns.get().key_token.x)
                style:width=move || px(columns.get().key_number.end() - columns.get().key_token.x)
            >
                "Key" <span class="aside">{move || names.get().1}</span>
                <span class="aside mean" class:gone=move || !shows_means.get() title="Mean that each key receives from the queries shown">
                    "mean"
                </span>
            </span>
        </div>
    }
}

/// What each panel shows.
fn headings(scene: &Scene) -> Vec<String> {
    let Some(layer) = scene.layer() else { return Vec::new() };
    let quantity = scene.quantity();
    let drawn = if quantity == Quantity::Weights { String::new() } else { format!(", {}", quantity.label()) };
    let suffix = format!("{drawn}{}", if scene.is_difference() { ", change" } else { "" });
    let of_kind = |text: String| wording::of_kind(scene.result.kind, &format!("{text}{suffix}"));
    let name = |&head: &usize| of_kind(scene.head_name(layer, head));
    match scene.heads.as_slice() {
        several if scene.is_split() => several.iter().map(name).collect(),
        [head] => vec![name(head)],
        several if several.len() == scene.shape.n_heads => {
            vec![of_kind(format!("Layer {layer}, mean of all {} heads", several.len()))]
        }
        several => vec![of_kind(format!("Layer {layer}, mean of {}", wording::count(several.len(), "head")))],
    }
}
