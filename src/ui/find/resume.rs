//! A search that was under way before a reload: kept while the page is left, and offered afterwards.

use leptos::prelude::*;

use super::send;
use crate::platform::tab_store::{keep_in_tab, take_from_tab};
use crate::state::find::KeptSearch;
use crate::state::{FindEvent, State};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Names the search in the tab's storage.
const KEY: &str = "headlight.reload.search";

/// What is known of the search, with "Go on" and "Forget it".
#[component]
pub fn ResumeOffer(page: Page) -> impl IntoView {
    if !page.peek(|state| state.find.is_kept_when_left) {
        watch(page);
    }
    let offered = page.memo(|state| state.find.resumable.as_ref().map(|kept| kept.statement()));
    move || {
        offered.get().map(|statement| {
            view! {
                <section class="find-part" aria-label="Search before the reload">
                    <p class="statement">{statement}</p>
                    <div class="find-fields">
                        <button type="button" class="action primary" on:click=move |_| send(page, FindEvent::ResumeAsked)>
                            "Go on with this search"
                        </button>
                        <button type="button" class="quiet" on:click=move |_| send(page, FindEvent::ResumeOffered(None))>
                            "Forget it"
                        </button>
                    </div>
                </section>
            }
        })
    }
}

/// Takes what was kept, and keeps what is under way whenever this page is left, as long as the page is there.
fn watch(page: Page) {
    let kept = take_from_tab::<KeptSearch>(KEY).filter(KeptSearch::is_readable);
    send(page, FindEvent::ResumeOffered(kept.map(Into::into)));
    // The view comes and goes, the search does not: nothing removes this.
    let _ = window_event_listener_untyped("pagehide", move |_| {
        let mut kept = page.peek(State::kept_search);
        while let Some(search) = kept.take_if(|search| !keep_in_tab(KEY, search)) {
            kept = search.halved();
        }
    });
}
