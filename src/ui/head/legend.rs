//! Explains lines, cells and strips, with numbers.

use leptos::prelude::*;

use super::scene::Scene;
use crate::protocol::Quantity;
use crate::render::{MIN_ALPHA, NEUTRAL_HUE, Ramp, Scheme, Shade};
use crate::state::wording;
use crate::ui::erased::{Derived, view};
use crate::ui::small::css::rgb;

/// Levels with a number on the scale.
const LINEAR_TICKS: [f32; 3] = [0.0, 0.5, 1.0];
const LOG_TICKS: [f32; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// The legend under the figure.
#[component]
pub fn Legend(scene: Derived<Option<Scene>>, scheme: Derived<Scheme>) -> impl IntoView {
    let meaning = Derived::new(move || scene.with(|scene| scene.as_ref().map(meaning)));
    let shade = Derived::new(move || scene.with(|scene| scene.as_ref().map(Scene::shade).unwrap_or_default()));
    let least = Derived::new(move || {
        scene.with(|scene| scene.as_ref().filter(|scene| !scene.is_difference()).map(faintest).unwrap_or_default())
    });
    // The head whose ramp colours the cells, where a single head is shown.
    let cells = Derived::new(move || {
        scene.with(|scene| {
            let scene = scene.as_ref().filter(|scene| scene.is_matrix())?;
            let is_of_one = scene.heads.len() == 1 && !scene.is_layer_wide();
            Some((scene.heads.first().copied().filter(|_| is_of_one), scene.shape.n_heads))
        })
    });
    let contrast = Derived::new(move || scene.with(|scene| scene.as_ref().and_then(|scene| scene.contrast)));
    // A scale from nothing to nothing says nothing.
    let is_nothing = Derived::new(move || contrast.get().is_some_and(|contrast| contrast.end <= 0.0));
    let ramp = move || match cells.get() {
        _ if contrast.get().is_some() => {
            "linear-gradient(to right, var(--diverging-negative), var(--diverging-middle), var(--diverging-positive))"
                .to_owned()
        }
        None => "linear-gradient(to right, transparent, var(--ink))".to_owned(),
        Some((head, n_heads)) => {
            let ramp = match head {
                Some(head) => Ramp::of_head(head, n_heads, scheme.get()),
                None => Ramp::new(NEUTRAL_HUE, scheme.get()),
            };
            let stops: Vec<String> = (0..=8).map(|step| rgb(ramp.at(step as f32 / 8.0))).collect();
            format!("linear-gradient(to right, {})", stops.join(", "))
        }
    };
    let ticks = move || {
        let shade = shade.get();
        if let Some(contrast) = contrast.get() {
            let ends = if shade.is_per_row {
                ["− row’s largest".to_owned(), "0".to_owned(), "+ row’s largest".to_owned()]
            } else {
                [format!("−{}", contrast.end), "0".to_owned(), format!("+{}", contrast.end)]
            };
            return ends.into_iter().map(|end| view! { <span>{end}</span> }).collect_view();
        }
        let levels: &[f32] = if shade.is_log { &LOG_TICKS } else { &LINEAR_TICKS };
        levels.iter().map(|&level| view! { <span>{tick(shade, level)}</span> }).collect_view()
    };
    view! {
        <div class="legend">
            <span class="scale" class:none=move || is_nothing.get() aria-hidden="true">
                <span class="ramp" style:background=ramp></span>
                <span class="ticks">{ticks}</span>
            </span>
            <span class="meaning">{move || meaning.get()} " " {move || least.get()}</span>
        </div>
    }
}

/// Explains a scene's colours, opacities and numbers in sentences.
pub fn explanation(scene: &Scene) -> String {
    format!("{} {}", meaning(scene), faintest(scene))
}

/// The weight at a level, as text.
fn tick(shade: Shade, level: f32) -> String {
    let share = shade.share_at(level);
    let end = if shade.is_per_row { 1.0 } else { shade.end };
    match (shade.is_per_row, shade.is_log && level == 0.0) {
        (_, true) => format!("≤ {}", share * end),
        (true, _) if level >= 1.0 => "row’s largest".to_owned(),
        _ => format!("{}", (share * end * 1e5).round() / 1e5),
    }
}

/// What small numbers of a quantity are called.
fn plural(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Weights => "Weights",
        Quantity::Norms => "Lengths",
        Quantity::ValueZeroing => "Shares",
        Quantity::Rollout => "Rollout weights",
    }
}

/// The least weight that is drawn, as a sentence.
fn faintest(scene: &Scene) -> String {
    let (shade, each) = (scene.shade(), plural(scene.quantity()));
    let share = shade.share_at(MIN_ALPHA);
    let unit = if shade.is_per_row { " of the row’s largest" } else { "" };
    let end = if shade.is_per_row { 1.0 } else { shade.end };
    let least = f64::from(shade.min_weight * shade.end * 1e5).round() / 1e5;
    let too_faint = if shade.is_log { format!("{:.4}", share * end) } else { format!("{:.3}", share * end) };
    match (shade.min_weight > share, shade.is_per_row) {
        (true, false) => format!("{each} below {least} are not drawn."),
        (_, true) if shade.min_weight > 0.0 => format!("{each} below {least} or {too_faint}{unit} are not drawn."),
        _ => format!("{each} below {too_faint}{unit} are too faint to draw."),
    }
}

fn meaning(scene: &Scene) -> String {
    let (quantity, rows) = (scene.quantity(), whole_rows(scene));
    if let Some(contrast) = scene.contrast {
        let heads = match scene.heads.len() {
            1 => String::new(),
            _ if scene.is_split() => " of each head, on one scale".to_owned(),
            several => format!(", mean of {}", wording::count(several, "head")),
        };
        let log = if scene.shade().is_log { " Logarithmic." } else { "" };
        let what = if quantity == Quantity::Weights { String::new() } else { format!(" of {}", quantity.label()) };
        return match contrast.end > 0.0 {
            true => {
                format!(
                    "Change{what}{heads}. Orange: less {} than in the original; blue: more.{log}{rows}",
                    quantity.noun()
                )
            }
            false => format!("Nothing changes{} in this layer.", if what.is_empty() { "" } else { " of this" }),
        };
    }
    let seen = if scene.is_matrix() { "Colour" } else { "Opacity" };
    let noun = quantity.noun();
    let weight = match scene.heads.len() {
        1 => noun.to_owned(),
        _ if scene.is_split() => format!("{noun} of each head, on one scale"),
        several => format!("mean {noun} of {}", wording::count(several, "head")),
    };
    let (queries, keys) = (scene.marked_queries.len(), scene.marked_keys.len());
    let numbers = match if queries > 0 { queries } else { keys } {
        0 if scene.is_matrix() => format!("{seen}: {weight}."),
        0 => format!("{seen}: {weight}. Number: mean {noun} that each key receives."),
        1 => format!("{seen} and number: {weight}."),
        n_tokens => format!("{seen}: {weight}. Number: its sum over {n_tokens} tokens."),
    };
    match wording::about_quantity(quantity) {
        "" => format!("{numbers}{rows}"),
        about => format!("{numbers}{rows} {about}{}", marks(scene)),
    }
}

/// Says why more than the links between the pinned tokens is drawn.
fn whole_rows(scene: &Scene) -> &'static str {
    let has_rows = !scene.is_matrix() && scene.view().is_some_and(|view| view.draws_whole_rows());
    if has_rows { " The pinned link is too faint to draw, so all links of its query are drawn." } else { "" }
}

/// Names the tokens where value zeroing says little.
fn marks(scene: &Scene) -> String {
    let huge = scene.huge();
    if huge.is_empty() {
        return String::new();
    }
    format!(" Huge activations, so that a change of direction says little: {}.", huge.join(", "))
}
