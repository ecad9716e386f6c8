//! Changes the chosen cell: where, how, how much, and the button that adds the edit.

use leptos::prelude::*;

use super::cell_fields::{CellFields, HOWS, How, Typed};
use super::model::Stream;
use crate::edit::PatchSite;
use crate::state::Event;
use crate::state::StreamEvent;
use crate::state::editing::inside::CellChange;
use crate::ui::erased::{Derived, view};
use crate::ui::small::problem::Problem;
use crate::ui::small::tick::Tick;

/// What of a cell can be changed.
const SITES: [PatchSite; 3] = [PatchSite::Stream, PatchSite::Attention, PatchSite::Mlp];

/// The form; there while a layer's cell is chosen and the model can be changed.
#[component]
pub fn ChangeCell(stream: Stream) -> impl IntoView {
    let page = stream.page;
    let (site, how) = (RwSignal::new(0_usize), RwSignal::new(0_usize));
    let (typed, is_everywhere) = (RwSignal::new(Typed::default()), RwSignal::new(false));
    let can_edit = page.memo(|state| state.can_edit());
    let problem = page.memo(|state| state.stream.direction.problem().map(str::to_owned));
    let cell = Derived::new(move || {
        let (row, position) = stream.chosen.get()?;
        (row + 1 < stream.size.get().0 && can_edit.get()).then_some((row, position))
    });
    let chosen_how = Derived::new(move || HOWS.get(how.get()).copied().unwrap_or(How::Zero));
    let change = Derived::new(move || {
        let (layer, position) = cell.get()?;
        let site = if chosen_how.get() == How::Neurons { PatchSite::Mlp } else { SITES[site.get().min(2)] };
        let how = typed.get().edit(chosen_how.get())?;
        let is_ready = page.with(|state| chosen_how.get() != How::OtherText || state.other_text().is_some());
        is_ready.then_some(CellChange { layer, position, is_everywhere: is_everywhere.get(), site, how })
    });
    let add = move || {
        if let Some(change) = change.get_untracked() {
            page.dispatch(Event::Stream(StreamEvent::CellChanged(change)));
        }
    };
    let options = move |names: Vec<&'static str>, chosen: RwSignal<usize>| {
        let option = move |(index, name): (usize, &'static str)| {
            view! { <option value=index.to_string() prop:selected=move || chosen.get() == index>{name}</option> }
        };
        names.into_iter().enumerate().map(option).collect_view()
    };
    let index = |value: String| value.parse().unwrap_or(0);
    view! {
        <details class="panel cell-edit" class:none=move || cell.with(Option::is_none)>
            <summary>"Change this cell"</summary>
            <form on:submit=move |event| {
                event.prevent_default();
                add();
            }>
                <div class="fields">
                    <label>
                        "How"
                        <select on:change:target=move |event| how.set(index(event.target().value()))>
                            {options(HOWS.map(How::name).to_vec(), how)}
                        </select>
                    </label>
                    <label class:none=move || chosen_how.get() == How::Neurons>
                        "Where"
                        <select on:change:target=move |event| site.set(index(event.target().value()))>
                            {options(SITES.map(PatchSite::label).to_vec(), site)}
                        </select>
                    </label>
                    <CellFields how=chosen_how typed />
                </div>
                <Tick
                    name="at every position"
                    is_on=is_everywhere
                    change=move |is_on| is_everywhere.set(is_on)
                />
                <p class="hint">{move || chosen_how.get().hint()}</p>
                {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
                <button type="submit" class="primary" prop:disabled=move || change.with(Option::is_none)>"Add edit"</button>
            </form>
        </details>
    }
}
