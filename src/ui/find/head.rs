//! The chosen head: its numbers over rows, the occupations, its rows ordered by them.

use leptos::prelude::*;

use super::chosen;
use super::curve::DistanceCurve;
use super::distribution::Distribution;
use super::occupations::OccupationPlot;
use super::save::save_rows;
use super::unit_rows::UnitRows;
use crate::analysis::statistics::HeadFound;
use crate::state::find::Search;
use crate::state::find::words::{interval, number};
use crate::state::wording;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// What is known of the chosen head.
#[component]
pub fn FoundHeadPanel(page: Page) -> impl IntoView {
    let chosen = chosen(page);
    let title = Derived::new(move || chosen.get().and_then(|(search, head)| title(&search, head)));
    let problem = RwSignal::new(None::<String>);
    let save = move |_| {
        let saved = page.peek(|state| Some(save_rows(state.find.search.as_ref()?, state.find.head?)));
        problem.set(saved.and_then(Result::err));
    };
    view! {
        <section class="find-head" aria-label="Chosen head">
            <div class="sweep-head">
                <h3>{move || title.get()}</h3>
                <span class="spring"></span>
                <button type="button" class="link" on:click=save>"Save its rows as CSV"</button>
            </div>
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            <div class="find-plots">
                <Distribution page />
                <OccupationPlot page />
            </div>
            <DistanceCurve page />
            <UnitRows page />
        </section>
    }
}

/// "L2H3: 0.0123 (0.0010 to 0.0200), p corrected 0.0123".
fn title(search: &Search, index: usize) -> Option<String> {
    let (layer, head) = search.place(index);
    let HeadFound { estimate, p } = *search.heads().get(index)?;
    let p = p.map(|p| format!(", p corrected {}", number(p.p_corrected))).unwrap_or_default();
    let name = wording::head_name(layer, head);
    Some(format!("{name}: {} ({}){p}", number(estimate.value), interval(estimate.interval)))
}
