//! How weights are drawn: lines or cells, one picture or several, and what is seen of them.

use leptos::prelude::*;

use super::scene::Scene;
use crate::state::{Arrangement, Display, DisplayChange, Drawing, Event, MIN_WEIGHTS, Shown, wording};
use crate::trace::Side;
use crate::ui::erased::{Derived, Show, view};
use crate::ui::shell::page::Page;

/// The two choices that matter most, and the others behind "Display".
#[component]
pub fn DisplayOptions(page: Page, scene: Derived<Option<Scene>>) -> impl IntoView {
    let display = page.memo(|state| state.options.display);
    let has_several = page.memo(|state| state.selection.heads.len() > 1);
    let has_special = page.memo(|state| {
        let has =
            |shown: &Shown| [Side::Query, Side::Key].iter().any(|&side| shown.tokens(side).special.contains(&true));
        state.shown.as_ref().is_some_and(has)
    });
    let change = move |change| page.dispatch(Event::DisplayChanged(change));
    let idle = Scene::idle_memo(scene);
    let mass = Derived::new(move || idle.with(|scene| scene.as_ref().and_then(Scene::shown_mass)));
    view! {
        <Choice
            name="Drawing"
            options=[("Lines", DisplayChange::Drawing(Drawing::Lines)), ("Matrix", DisplayChange::Drawing(Drawing::Matrix))]
            picked=Signal::derive(move || usize::from(display.get().drawing == Drawing::Matrix))
            change
        />
        <Show when=move || has_several.get()>
            <Choice
                name="Several heads"
                options=[
                    ("Mean", DisplayChange::Arrangement(Arrangement::Mean)),
                    ("Side by side", DisplayChange::Arrangement(Arrangement::SideBySide)),
                ]
                picked=Signal::derive(move || usize::from(display.get().arrangement == Arrangement::SideBySide))
                change
            />
        </Show>
        <details class="control display">
            <summary><span class="label">"Display"</span>" "{move || summary(display.get())}</summary>
            <div class="display-options">
                <Choice
                    name="Scale"
                    options=[("Linear", DisplayChange::Log(false)), ("Logarithmic", DisplayChange::Log(true))]
                    picked=Signal::derive(move || usize::from(display.get().is_log))
                    change
                />
                <Choice
                    name="Ends at"
                    options=[("1", DisplayChange::PerRow(false)), ("Row’s largest", DisplayChange::PerRow(true))]
                    picked=Signal::derive(move || usize::from(display.get().is_per_row))
                    change
                />
                <label class="control">
                    <span class="label">"Minimum weight"</span>
                    <input
                        type="range"
                        min="0"
                        max=(MIN_WEIGHTS.len() - 1).to_string()
                        step="1"
                        aria-valuetext=move || min_weight(display.get())
                        prop:value=move || step_of(display.get().min_weight_thousandths).to_string()
                        on:input:target=move |event| {
                            let step: usize = event.target().value().parse().unwrap_or(0);
                            change(DisplayChange::MinWeight(MIN_WEIGHTS.get(step).copied().unwrap_or(0)));
                        }
                    />
                    <span class="amount">{move || min_weight(display.get())}</span>
                </label>
                <fieldset class="control">
                    <legend class="label">"Leave out"</legend>
                    <Check
                        name="special tokens"
                        is_on=Signal::derive(move || display.get().leaves_out_special)
                        is_disabled=Signal::derive(move || !has_special.get())
                        change=move |is_on| change(DisplayChange::LeaveOutSpecial(is_on))
                    />
                    <Check
                        name="first position"
                        is_on=Signal::derive(move || display.get().leaves_out_first)
                        is_disabled=Signal::derive(|| false)
                        change=move |is_on| change(DisplayChange::LeaveOutFirst(is_on))
                    />
                </fieldset>
                <Check
                    name="Join words"
                    is_on=Signal::derive(move || display.get().joins_words)
                    is_disabled=Signal::derive(|| false)
                    change=move |is_on| change(DisplayChange::JoinWords(is_on))
                />
            </div>
        </details>
        <p class="row-note" role="note">
            {move || mass.get().map(|mass| {
                format!(
                    "Part of the keys is left out and nothing is renormalised: the rows shown sum to {} on average, not 1.",
                    wording::short_weight(mass),
                )
            })}
        </p>
    }
}

/// Two options of which one is on.
#[component]
fn Choice(
    /// What is chosen.
    name: &'static str,
    /// Labels and what they do.
    options: [(&'static str, DisplayChange); 2],
    /// Which is on.
    picked: Signal<usize>,
    change: impl Fn(DisplayChange) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let one = move |(index, (label, wanted)): (usize, (&'static str, DisplayChange))| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name=format!("display-{name}")
                    prop:checked=move || picked.get() == index
                    on:change=move |_| change(wanted)
                />
                <span>{label}</span>
            </label>
        }
    };
    view! {
        <fieldset class="control" role="radiogroup" aria-label=name>
            <legend class="label">{name}</legend>
            <div class="joined">{options.into_iter().enumerate().map(one).collect_view()}</div>
        </fieldset>
    }
}

/// A check box with its name.
#[component]
fn Check(
    /// What it turns on.
    name: &'static str,
    is_on: Signal<bool>,
    /// Whether it makes no difference now.
    is_disabled: Signal<bool>,
    change: impl Fn(bool) + 'static,
) -> impl IntoView {
    view! {
        <label class="check" class:off=move || is_disabled.get()>
            <input
                type="checkbox"
                prop:checked=move || is_on.get()
                prop:disabled=move || is_disabled.get()
                on:change:target=move |event| change(event.target().checked())
            />
            <span>{name}</span>
        </label>
    }
}

/// What differs from how the page begins.
fn summary(display: Display) -> String {
    let mut parts = Vec::new();
    if display.is_log {
        parts.push("logarithmic".to_owned());
    }
    if display.is_per_row {
        parts.push("per row".to_owned());
    }
    if display.min_weight_thousandths > 0 {
        parts.push(format!("from {}", min_weight(display)));
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

fn min_weight(display: Display) -> String {
    match display.min_weight_thousandths {
        0 => "none".to_owned(),
        thousandths => (f64::from(thousandths) / 1_000.0).to_string(),
    }
}

/// The place of a weight on the slider: the last one that is not larger.
fn step_of(thousandths: u16) -> usize {
    MIN_WEIGHTS.iter().rposition(|&step| step <= thousandths).unwrap_or(0)
}
