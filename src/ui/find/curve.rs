//! The chosen head's weight over distance, and the knob that scales its neurons.

use leptos::prelude::*;

use super::curve_plot::CurvePlot;
use super::send;
use crate::state::FindEvent;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// A button that asks for the curve; then the curve, the knob, and the edit that it would be.
#[component]
pub fn DistanceCurve(page: Page) -> impl IntoView {
    let is_unasked = page.memo(|state| state.find.curve.is_none());
    let problem = page.memo(|state| state.find.curve.as_ref().and_then(|curve| curve.problem.clone()));
    let n_all = page.memo(|state| {
        let texts = state.find.curve.as_ref().and_then(|curve| curve.texts.as_ref());
        texts.filter(|texts| texts.n_far > 1 && !texts.is_capped).map(|texts| texts.units.len())
    });
    let n_units = page.memo(|state| state.find.curve.as_ref().map_or(1, |curve| curve.n_units));
    let factor = page.memo(|state| state.find.curve.as_ref().map_or(1.0, |curve| curve.factor));
    let chosen = page.memo(|state| {
        let curve = state.find.curve.as_ref()?;
        let units = curve.texts.as_ref()?.units.iter().take(curve.n_units.min(6));
        let named = units.map(|unit| {
            let neurons: Vec<String> = unit.neurons.iter().map(usize::to_string).collect();
            let wave = unit.wavelength.map(|wave| format!(" (λ {wave:.0})")).unwrap_or_default();
            format!("{}{wave}", neurons.join("+"))
        });
        Some(named.collect::<Vec<String>>().join(", "))
    });
    let knob = move || {
        view! {
            <div class="find-fields">
                <label class="short">
                    "Neurons or pairs"
                    <input
                        type="number"
                        min="1"
                        max=move || n_all.get().unwrap_or(1)
                        prop:value=move || n_units.get().to_string()
                        on:input:target=move |event| {
                            if let Ok(n_units) = event.target().value().parse() {
                                send(page, FindEvent::UnitsSet(n_units));
                            }
                        }
                    />
                </label>
                <label class="knob">
                    {move || format!("Factor {:.2}", factor.get())}
                    <input
                        type="range"
                        min="0"
                        max="3"
                        step="0.05"
                        aria-label="Factor for the chosen neurons"
                        prop:value=move || factor.get().to_string()
                        on:input:target=move |event| {
                            send(page, FindEvent::FactorSet(event.target().value().parse().unwrap_or(1.0)));
                        }
                    />
                </label>
                <button type="button" class="action" on:click=move |_| send(page, FindEvent::CurveApplied)>
                    "Apply as an edit"
                </button>
                <p class="hint">
                    "Those whose part of q·k falls most with distance: " {move || chosen.get()} "."
                </p>
            </div>
        }
    };
    view! {
        <div class="find-curve">
            {move || is_unasked.get().then(|| view! {
                <button type="button" class="action" on:click=move |_| send(page, FindEvent::CurveAsked)>
                    "Curve over distance"
                </button>
            })}
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            {move || n_all.get().is_some().then(knob)}
            <CurvePlot page />
        </div>
    }
}
