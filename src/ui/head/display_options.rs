//! The controls for how weights are drawn: lines or cells, one picture or several, which weights and on which scale.

use leptos::prelude::*;

use super::min_weight::weight_words;
use super::quantity_choice::QuantityChoice;
use super::scene::Scene;
use crate::state::{Arrangement, Display, DisplayChange, Drawing, Event, State, View, ViewEvent, wording};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::shell::scales::is_shown;
use crate::ui::small::radio_group::RadioGroup;

/// The two choices that matter most, and the others behind "Display".
#[component]
pub fn DisplayOptions(page: Page, scene: Derived<Option<Scene>>) -> impl IntoView {
    let display = page.memo(|state| state.options.display);
    let has_several = page.memo(|state| state.selection.heads.len() > 1);
    let idle = Scene::idle_memo(scene);
    let mass = Derived::new(move || idle.with(|scene| scene.as_ref().and_then(Scene::shown_mass)));
    let set = move |change| page.dispatch(Event::View(ViewEvent::DisplayChanged(change)));
    let has_head = is_shown(page, View::Head);
    let problem = page.memo(State::quantity_problem);
    view! {
        <QuantityChoice page />
        <div class="of-head" class:none=move || !has_head.get()>
        <RadioGroup
            name="display-drawing"
            label="Drawing"
            options=vec![(Drawing::Lines, "Lines".to_owned()), (Drawing::Matrix, "Matrix".to_owned())]
            picked=move || Some(display.get().drawing)
            pick=move |drawing| set(DisplayChange::Drawing(drawing))
        />
        // Its room is kept, so that a second head moves nothing.
        <div class:gone=move || !has_several.get()>
            <RadioGroup
                name="display-arrangement"
                label="Several heads"
                options=vec![
                    (Arrangement::Mean, "Mean".to_owned()),
                    (Arrangement::SideBySide, "Separate".to_owned()),
                ]
                picked=move || Some(display.get().arrangement)
                pick=move |arrangement| set(DisplayChange::Arrangement(arrangement))
            />
        </div>
        </div>
        <details class="control display">
            <summary><span class="label">"Display"</span><span class="of-display">" "{move || summary(display.get())}</span></summary>
            <div class="display-options">
                {page.parts().awaited(move |views| (views.display_fields)(page))}
            </div>
        </details>
        <p class="row-note" role="note">
            {move || problem.get().map(|problem| format!("{problem} "))}
            {move || mass.get().map(|mass| {
                format!(
                    "Some keys are left out without renormalising: the rows shown sum to {} on average, not to 1.",
                    wording::short_weight(mass),
                )
            })}
        </p>
    }
}

/// The options that differ from the defaults, in words.
fn summary(display: Display) -> String {
    let mut parts = Vec::new();
    if display.is_log {
        parts.push("logarithmic".to_owned());
    }
    if display.is_per_row {
        parts.push("per row".to_owned());
    }
    if display.min_weight_thousandths > 0 {
        parts.push(format!("from {}", weight_words(display)));
    }
    match (display.leaves_out_special, display.leaves_out_first) {
        (true, true) => parts.push("without special tokens and first position".to_owned()),
        (true, false) => parts.push("without special tokens".to_owned()),
        (false, true) => parts.push("without first position".to_owned()),
        (false, false) => {}
    }
    if display.joins_words {
        parts.push("words joined".to_owned());
    }
    if parts.is_empty() { "all weights, linear".to_owned() } else { parts.join(", ") }
}
