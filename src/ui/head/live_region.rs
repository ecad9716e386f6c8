//! Describes the focused token's links for screen readers.

use leptos::prelude::*;

use super::scene::Scene;
use crate::state::TokenRef;
use crate::trace::Side;
use crate::ui::erased::{Derived, view};

/// The number of links described.
const N_LINKS: usize = 5;

/// Speaks when a token gets the keyboard focus, and again when its links change.
#[component]
pub fn LiveRegion(scene: Derived<Option<Scene>>, focused: RwSignal<Option<TokenRef>>) -> impl IntoView {
    let words = Derived::new(move || {
        let token = focused.get()?;
        scene.with(|scene| scene.as_ref().map(|scene| describe(scene, token)))
    });
    view! {
        <div class="only-spoken" role="status" aria-live="polite" aria-label="Links of the focused token">
            {move || words.get().unwrap_or_default()}
        </div>
    }
}

fn describe(scene: &Scene, token: TokenRef) -> String {
    let Some(layer) = scene.layer() else { return String::new() };
    let name = scene.plain(token.side, token.position);
    let side = match token.side {
        Side::Query => "query",
        Side::Key => "key",
    };
    let links = scene.strongest(N_LINKS);
    let pair = scene.pair();
    let link = |link: &crate::render::Link| {
        let head = scene.head_name(layer, link.head);
        let weight = scene.weight_words(link.weight);
        match (pair, token.side) {
            (Some(_), _) => format!("{head} {weight}"),
            (None, Side::Query) => format!("{head} to {} {weight}", scene.name(Side::Key, link.key)),
            (None, Side::Key) => format!("{head} from {} {weight}", scene.name(Side::Query, link.query)),
        }
    };
    let what = if scene.is_difference() { "Largest changes" } else { "Strongest links" };
    let list = links.iter().map(link).collect::<Vec<_>>().join(", ");
    match pair {
        Some((query, key)) => format!("{} to {}: {list}", scene.name(Side::Query, query), scene.name(Side::Key, key)),
        None => {
            let first = scene.units.tokens(token.side, token.position).start;
            format!("{name}, {side} token {first}. {what}: {list}")
        }
    }
}
