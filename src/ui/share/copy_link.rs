//! Copies the address of exactly this view.

use gloo::timers::callback::Timeout;
use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::platform::download::copy_text;
use crate::state::palette::Control;
use crate::state::{State, TracePlace};
use crate::ui::erased::{effect, view};
use crate::ui::shell::page::Page;
use crate::ui::small::dialog::Dialog;

/// How long the button reads "Copied", in milliseconds.
const SAID_MS: u32 = 2_500;

/// Why no link can be copied.
#[derive(Clone, PartialEq)]
enum Obstacle {
    TooLong,
    OnDisk(String),
    /// The browser gives no access to the clipboard, so the dialog shows the address.
    NoClipboard(String),
}

impl Obstacle {
    fn from_state(state: &State) -> Option<Self> {
        let place = state.shown.as_ref().and_then(|shown| shown.origin.trace.clone());
        match place {
            _ if state.linking.is_too_long => Some(Obstacle::TooLong),
            Some(TracePlace::File(name)) => Some(Obstacle::OnDisk(name)),
            _ => None,
        }
    }
}

/// "Copy link", and the dialog that says why there is no link.
#[component]
pub fn CopyLink(page: Page, is_saving: RwSignal<bool>) -> impl IntoView {
    let has_copied = RwSignal::new(false);
    let is_open = RwSignal::new(false);
    let obstacle = RwSignal::new(None::<Obstacle>);
    let has_result = page.memo(|state| state.shown.is_some());
    let stop = move |why| {
        obstacle.set(Some(why));
        is_open.set(true);
    };
    let copy = move |_| {
        if let Some(why) = page.peek(Obstacle::from_state) {
            return stop(why);
        }
        spawn_local(async move {
            match copy_text(&page.address()).await {
                Ok(()) => {
                    has_copied.set(true);
                    Timeout::new(SAID_MS, move || _ = has_copied.try_set(false)).forget();
                }
                Err(_) => stop(Obstacle::NoClipboard(page.address())),
            }
        });
    };
    let field = NodeRef::<Input>::new();
    effect(move || {
        if let Some(field) = field.get() {
            field.select();
        }
    });
    let save_instead = move |_| {
        is_open.set(false);
        is_saving.set(true);
    };
    view! {
        <button
            type="button"
            id=Control::CopyLink.id()
            class="quiet copy-link"
            title="Copy the address of this view"
            prop:disabled=move || !has_result.get()
            on:click=copy
        >
            // Both stand in one place, so that nothing beside them moves.
            <span class:gone=move || has_copied.get()>"Copy link"</span>
            <span class:gone=move || !has_copied.get()>"Copied"</span>
        </button>
        <span class="only-spoken" role="status" aria-label="Clipboard">
            {move || has_copied.get().then_some("The link was copied to the clipboard.")}
        </span>
        <Dialog is_open name="Copy link" id="link-dialog">
            {move || match obstacle.get() {
                Some(Obstacle::NoClipboard(link)) => view! {
                    <p>"The browser blocks the clipboard. Here is the link:"</p>
                    <input class="link-field" aria-label="Link" readonly=true node_ref=field prop:value=link />
                },
                Some(Obstacle::OnDisk(name)) => view! {
                    <p>
                        "This result was read from " <bdi>{name}</bdi> ", a file on this device, which a link cannot carry. \
                        Send that file along; or put it on a server and open it from its URL, then copy the link."
                    </p>
                },
                _ => view! {
                    <p>"This text or its edits are too long for a link: at most 8 kB fit. A trace file holds all of it."</p>
                    <p><button type="button" on:click=save_instead>"Save trace …"</button></p>
                },
            }}
        </Dialog>
    }
}
