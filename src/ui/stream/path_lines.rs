//! The way of the chosen cell's content as a graph over the table: a line for each head from the cell that it reads to the one above
//! that it writes to, a ring for each MLP.

use leptos::prelude::*;

use super::model::Stream;
use crate::render::StreamLayout;
use crate::state::stream::path::StepNumbers;
use crate::ui::erased::{Derived, view};

/// Most lines that are drawn.
const N_LINES: usize = 400;

/// The lines; nothing while no path is open.
#[component]
pub fn PathLines(
    stream: Stream,
    layout: Derived<StreamLayout>,
    window: Derived<(f32, f32)>,
    scroll: RwSignal<(f32, f32)>,
) -> impl IntoView {
    let page = stream.page;
    let steps = page.memo(|state| {
        let threshold = state.stream.opened.path?;
        let path = state.stream.path.value()?;
        Some((path.cell, path.from_threshold(threshold).take(N_LINES).copied().collect::<Vec<StepNumbers>>()))
    });
    let middle = move |row: usize, position: usize| {
        layout.with(|layout| {
            let (left, top) = layout.corner(layout.line(row), position, scroll.get());
            (left + layout.cell.0 / 2.0, top + layout.cell.1 / 2.0)
        })
    };
    let line = move |step: StepNumbers| {
        let title = format!("{}: {} → {}, {:.3}", step.name(), step.from, step.to, step.amount);
        let width = (step.amount.abs() * 8.0).clamp(0.75, 6.0).to_string();
        let class = if step.amount < 0.0 { "less" } else { "more" };
        let (x2, y2) = middle(step.layer + 1, step.to);
        if step.head.is_none() {
            return view! {
                <circle class=class cx=x2.to_string() cy=y2.to_string() r="7" stroke-width=width>
                    <title>{title}</title>
                </circle>
            };
        }
        let (x1, y1) = middle(step.layer, step.from);
        view! {
            <line class=class x1=x1.to_string() y1=y1.to_string() x2=x2.to_string() y2=y2.to_string() stroke-width=width>
                <title>{title}</title>
            </line>
        }
    };
    move || {
        // What is here may still be the path of the cell before.
        steps.get().filter(|(cell, _)| stream.chosen.get() == Some(*cell)).map(|(_, steps)| {
            let (width, height) = window.get();
            view! {
                <svg
                    class="path-lines"
                    aria-hidden="true"
                    width=width.to_string()
                    height=height.to_string()
                    viewBox=format!("0 0 {width} {height}")
                >
                    {steps.into_iter().map(line).collect_view()}
                </svg>
            }
        })
    }
}
