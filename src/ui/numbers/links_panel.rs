//! The strongest links of the marked tokens, as numbers.

use leptos::prelude::*;

use crate::protocol::Quantity;
use crate::render::{HeadColours, Link};
use crate::state::{Event, SelectionEvent, wording};
use crate::trace::Side;
use crate::ui::erased::{Derived, view};
use crate::ui::head::scene::Scene;
use crate::ui::shell::page::Page;
use crate::ui::small::css::rgb;
use crate::ui::small::token_text::token_text;

/// The number of rows.
const N_LINKS: usize = 12;

/// A table of links: head, tokens, bar, weight.
#[component]
pub fn LinksPanel(page: Page, scene: Derived<Option<Scene>>, colours: Derived<HeadColours>) -> impl IntoView {
    let has_pins = page.memo(|state| !state.selection.queries.is_empty() || !state.selection.keys.is_empty());
    let title = Derived::new(move || {
        scene.with(|scene| scene.as_ref().and_then(title)).unwrap_or_else(|| "Strongest links".to_owned())
    });
    let leaves_first_out = Derived::new(move || {
        scene.with(|scene| scene.as_ref().is_some_and(|scene| scene.is_causal && scene.is_idle()))
    });
    let is_of_one =
        Derived::new(move || scene.with(|scene| scene.as_ref().is_some_and(|scene| scene.heads.len() == 1)));
    let noun = Derived::new(move || {
        let quantity = scene.with(|scene| scene.as_ref().map(Scene::quantity)).unwrap_or_default();
        if quantity == Quantity::Weights { "Weight" } else { quantity.noun() }
    });
    let idle = Scene::idle_memo(scene);
    let idle_links = Derived::new(move || {
        idle.with(|scene| scene.as_ref().map(|scene| scene.strongest(N_LINKS)).unwrap_or_default())
    });
    let rows = move || {
        scene.with(|scene| {
            let Some(scene) = scene else { return Vec::new() };
            let Some(layer) = scene.layer() else { return Vec::new() };
            let row = |link: &Link| row(scene, layer, link, colours).into_any();
            let links = if scene.is_idle() { idle_links.get() } else { scene.strongest(N_LINKS) };
            links.iter().map(row).collect()
        })
    };
    view! {
        <section class="panel links" aria-label="Strongest links">
            <h2>
                <span>{move || title.get()}</span>
                <button
                    type="button"
                    class="link"
                    class:gone=move || !has_pins.get()
                    title="Unpin all tokens (Esc)"
                    on:click=move |_| page.dispatch(Event::Select(SelectionEvent::TokensCleared))
                >
                    "Clear"
                </button>
            </h2>
            <table class:of-one=move || is_of_one.get()>
                <thead class="only-spoken">
                    <tr>
                        <th scope="col">"Head"</th>
                        <th scope="col">"Tokens"</th>
                        <th scope="col">{move || noun.get()}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            <p class="hint">
                {move || leaves_first_out.get().then_some("Without the first token, which can read only itself.")}
            </p>
        </section>
    }
}

fn title(scene: &Scene) -> Option<String> {
    let layer = scene.layer()?;
    let name = |side: Side, tokens: &[usize]| match tokens {
        &[token] => scene.name(side, token),
        several => wording::count(several.len(), "token"),
    };
    Some(match (scene.marked_queries.as_slice(), scene.marked_keys.as_slice()) {
        ([], []) if scene.heads.len() == 1 && scene.is_difference() => {
            format!("Largest changes of {}", of_what(scene, layer))
        }
        ([], []) if scene.is_difference() => "Largest change of each head".to_owned(),
        ([], []) if scene.heads.len() == 1 => {
            format!("Strongest links of {}", of_what(scene, layer))
        }
        ([], []) => "Strongest link of each head".to_owned(),
        (queries @ [_], []) => format!("{} reads from", name(Side::Query, queries)),
        (queries, []) => format!("{} read from", name(Side::Query, queries)),
        ([], keys @ [_]) => format!("{} is read by", name(Side::Key, keys)),
        ([], keys) => format!("{} are read by", name(Side::Key, keys)),
        (queries, keys) => format!("{} → {}", name(Side::Query, queries), name(Side::Key, keys)),
    })
}

/// The one head shown, or the layer: "L2H9", "layer 2, rollout".
fn of_what(scene: &Scene, layer: usize) -> String {
    let quantity = scene.quantity();
    let name = match (quantity.is_layer_wide(), scene.heads.as_slice()) {
        (false, [head]) => wording::head_name(layer, *head),
        _ => format!("layer {layer}"),
    };
    if quantity == Quantity::Weights { name } else { format!("{name}, {}", quantity.label()) }
}

fn row(scene: &Scene, layer: usize, link: &Link, colours: Derived<HeadColours>) -> impl IntoView + use<> {
    let colour = match scene.is_layer_wide() {
        true => "var(--ink)".to_owned(),
        false => rgb(colours.with(|colours| colours.line.get(link.head).copied().unwrap_or_default())),
    };
    // A difference is coloured by its sign.
    let (bar, share) = match scene.contrast {
        Some(contrast) => (rgb(contrast.colour(link.weight)), contrast.share(link.weight).abs()),
        None => (colour.clone(), (link.weight / scene.end).clamp(0.0, 1.0)),
    };
    let label = |side: Side, unit: usize| {
        let position = scene.telling_position(side, unit);
        let position = position.map(|position| view! { <span class="quiet">{format!(" {position}")}</span> });
        (scene.label(side, unit).map(token_text), position)
    };
    let is_single = |tokens: &[usize]| tokens.len() == 1;
    let tokens = match (is_single(&scene.marked_queries), is_single(&scene.marked_keys)) {
        (true, true) => ().into_any(),
        (true, false) => label(Side::Key, link.key).into_any(),
        (false, true) => label(Side::Query, link.query).into_any(),
        (false, false) => view! {
            {label(Side::Query, link.query)}
            <span class="mark">" → "</span>
            {label(Side::Key, link.key)}
        },
    };
    let title = format!("{} → {}", scene.name(Side::Query, link.query), scene.name(Side::Key, link.key));
    view! {
        <tr>
            <td class="head-name">
                <span class="swatch" style:background-color=colour></span>
                <span class:only-spoken=scene.heads.len() == 1>{scene.head_name(layer, link.head)}</span>
            </td>
            <td class="pair-name" title=title>{tokens}</td>
            <td class="number">
                <span
                    class="weight-bar"
                    style:width=format!("{:.1}%", f64::from(share) * 100.0)
                    style:background-color=bar
                ></span>
                <span>{scene.weight_words(link.weight)}</span>
            </td>
        </tr>
    }
}
