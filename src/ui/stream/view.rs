//! The stream view: controls, table and legend.

use leptos::prelude::*;

use super::controls::StreamControls;
use super::figure::StreamFigure;
use super::help::Help;
use super::legend::StreamLegend;
use super::model::Stream;
use super::numbers::problem;
use crate::render::Scheme;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

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
