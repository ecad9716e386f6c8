//! What is under way, else what is on screen.

use leptos::prelude::*;

use crate::platform::clock::now_ms;
use crate::state::work::pace::{Pace, remaining};
use crate::state::{State, wording};
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;

/// The status in one line; of what is under way also how long it will take.
#[component]
pub fn StatusText(page: Page) -> impl IntoView {
    let work = page.memo(State::under_way);
    let pace = StoredValue::new(Pace::default());
    let work = Derived::new(move || {
        let Some(work) = work.get() else {
            pace.update_value(Pace::forget);
            return None;
        };
        let seen = |part| pace.try_update_value(|pace| pace.seen(work.id, part, now_ms())).flatten();
        let left = work.fraction.and_then(seen).map(|seconds| format!(" · {}", remaining(seconds)));
        Some(work.text + &left.unwrap_or_default())
    });
    let result = page.memo(|state| {
        let result = wording::result(state.shown.as_ref()?, state.work.threads.running);
        Some(if state.has_unrun_text() { format!("{result} · {}", wording::UNRUN) } else { result })
    });
    let text = move || wording::brief(&work.get().or_else(|| result.get()).unwrap_or_default());
    view! { <span role="status" aria-label="Status" class="status" title=text>{text}</span> }
}
