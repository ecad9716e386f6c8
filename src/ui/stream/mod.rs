//! The stream view: what the stream holds at every layer and position, read by the logit lens and as numbers.

mod cells;
mod controls;
mod detail;
mod draw;
mod figure;
pub mod figure_parts;
mod help;
mod keys;
mod legend;
mod model;
mod numbers;
mod pointer;
mod written;

use leptos::prelude::*;

use crate::render::Scheme;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;
use controls::StreamControls;
use detail::CellDetail;
use figure::StreamFigure;
use help::Help;
use legend::StreamLegend;
use model::Stream;
use numbers::problem;
use written::WrittenHere;

/// The stream view.
#[component]
pub fn StreamView(page: Page, scheme: Derived<Scheme>) -> impl IntoView {
    let stream = Stream::new(page);
    let problem = page.memo(problem);
    view! {
        <div class="stream-view">
            <StreamControls stream />
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            <StreamFigure stream scheme />
            <StreamLegend stream />
            <Help />
        </div>
    }
}

/// What is known of the chosen cell.
#[component]
pub fn StreamPanels(page: Page) -> impl IntoView {
    let stream = Stream::new(page);
    view! {
        <CellDetail stream />
        <WrittenHere stream />
    }
}
