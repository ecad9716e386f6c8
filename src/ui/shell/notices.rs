//! What the reader must know before going on: faults of the program, and parts of a link that could not be followed.

use leptos::prelude::*;

use super::fault_line::{FaultLine, fault};
use super::page::Page;
use crate::state::wording::brief;
use crate::state::{Event, LinkEvent};
use crate::ui::erased::{Show, view};

/// One line for each; nothing where nothing is wrong.
#[component]
pub fn Notices(page: Page, is_saving: RwSignal<bool>) -> impl IntoView {
    let notice = page.memo(|state| state.linking.notice.clone());
    let fault = page.memo(fault);
    let read = move |_| page.dispatch(Event::Link(LinkEvent::NoticeRead));
    view! {
        <Show when=move || fault.with(Option::is_some) || notice.with(Option::is_some)>
            <div class="notices">
                {move || fault.get().map(|fault| view! { <FaultLine page fault /> })}
                {move || notice.get().map(|notice| view! {
                    <p class="problem" role="alert">
                        {brief(&notice)}
                        " "
                        {page.peek(|state| state.linking.is_too_long).then(|| view! {
                            <button type="button" class="link" on:click=move |_| is_saving.set(true)>"Save trace …"</button>
                            " "
                        })}
                        <button type="button" class="link" on:click=read>"Dismiss"</button>
                    </p>
                })}
            </div>
        </Show>
    }
}
