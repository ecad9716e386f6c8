//! The page of the selected head, closed until somebody opens it.

use leptos::prelude::*;

use super::circuits::Circuits;
use super::feeds::HeadFeeds;
use super::fields::CircuitFields;
use super::links::HeadLinks;
use super::scores::HeadScores;
use crate::state::editing::offers::Target;
use crate::state::stream::circuits::CircuitsAsked;
use crate::state::{Event, RUNS_MODELS, ScoreEvent, StreamEvent, wording};
use crate::ui::change::edit_menu::open_at_event;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// The page of the first selected head.
#[component]
pub fn HeadPage(page: Page) -> impl IntoView {
    let head = page.memo(|state| {
        let shown = state.shown.as_ref()?;
        Some(wording::head_of_kind(shown.kind, state.selection.layer, state.selection.head()))
    });
    let can_edit = page.memo(|state| state.can_edit());
    let target = move || {
        let (layer, head) = page.peek(|state| (state.selection.layer, state.selection.head()));
        Target { layer, heads: vec![head], ..Target::default() }
    };
    let is_open = RwSignal::new(false);
    let asked = RwSignal::new(CircuitsAsked { texts: Vec::new(), distance: 1 });
    let show = move |is_shown: bool| {
        is_open.set(is_shown);
        let circuits = is_shown.then(|| asked.get_untracked());
        page.dispatch(Event::Stream(StreamEvent::CircuitsShown(circuits)));
        if is_shown {
            page.dispatch(Event::Scores(ScoreEvent::Asked));
        }
    };
    on_cleanup(move || page.dispatch(Event::Stream(StreamEvent::CircuitsShown(None))));
    let ask = move |changed: CircuitsAsked| {
        asked.set(changed.clone());
        page.dispatch(Event::Stream(StreamEvent::CircuitsShown(Some(changed))));
    };
    view! {
        <details
            class="panel head-page"
            class:none=move || head.with(Option::is_none)
            on:toggle:target=move |event| show(event.target().has_attribute("open"))
        >
            <summary>{move || head.get().map(|head| format!("Head {head}: scores, circuits, links"))}</summary>
            {move || {
                is_open
                    .get()
                    .then(|| {
                        view! {
                            <HeadScores page />
                            <CircuitFields page asked ask=Box::new(ask) />
                            <Circuits page />
                            <HeadLinks page />
                            {RUNS_MODELS.then(|| view! { <HeadFeeds page /> })}
                            <button
                                type="button"
                                class="edit-button"
                                class:none=move || !can_edit.get()
                                aria-haspopup="menu"
                                on:click=move |event| open_at_event(page, &event, target())
                            >
                                "Edit this head …"
                            </button>
                        }
                    })
            }}
        </details>
    }
}
