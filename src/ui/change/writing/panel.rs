//! Generation: one token or many, stopping, undoing, and branching to other tokens.

use leptos::prelude::*;

use super::continuations::Continuations;
use super::sampling_fields::SamplingFields;
use crate::state::editing::{EditEvent, Written};
use crate::state::{Event, State, Task, WorkEvent};
use crate::trace::TokenForm;
use crate::trace::display::token_label;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::token_button::TokenButton;
use crate::ui::small::token_text::token_text;

/// The number of tokens that "Play" generates.
const N_PLAYED: u32 = 32;

/// Buttons, sampling settings, the tokens written, and the most likely next tokens.
#[component]
pub fn WritingPanel(page: Page) -> impl IntoView {
    let send = move |event: EditEvent| page.dispatch(Event::Editing(event));
    // Gap: a decoder with an encoder writes its whole target at once, not token by token.
    let why = page.memo(State::no_generation);
    let can_write = Derived::new(move || why.get().is_none());
    let note = page.memo(|state| state.editing.writing_note.clone());
    let is_writing = page.memo(|state| {
        state.editing.n_to_write > 0 || state.work.request.as_ref().is_some_and(|work| work.task == Task::Write)
    });
    let has_written = page.memo(|state| !state.editing.written.is_empty());
    let top = page.memo(|state| {
        let shown = state.shown.as_ref()?;
        Some((shown.info.top.clone(), shown.info.tokens.form))
    });
    let written = page.memo(|state| {
        let Some(shown) = &state.shown else { return Vec::new() };
        let token =
            |written: &Written| Some((shown.info.tokens.tokens.get(written.position)?.clone(), written.clone()));
        state.editing.written.iter().filter_map(token).collect::<Vec<_>>()
    });
    let form = page.memo(|state| state.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.info.tokens.form));
    // The written token whose alternatives are shown.
    let opened = RwSignal::new(None::<usize>);
    let others = Derived::new(move || {
        let position = opened.get()?;
        written.with(|written| {
            let (token, written) = written.iter().find(|(_, written)| written.position == position)?;
            let others = written.others.iter().filter(|other| other.token != *token).cloned().collect::<Vec<_>>();
            Some((position, token.clone(), others))
        })
    });
    view! {
        <section class="panel writing" aria-label="Generate">
            <h3>"Generate"</h3>
            <p class="hint" class:gone=move || can_write.get()>{move || why.get()}</p>
            <div class="buttons" class:gone=move || !can_write.get()>
                <button type="button" class="add" prop:disabled=move || is_writing.get() on:click=move |_| send(EditEvent::WriteAsked(1))>
                    "Next token"
                </button>
                <button type="button" class="add" prop:disabled=move || is_writing.get() on:click=move |_| send(EditEvent::WriteAsked(N_PLAYED))>
                    "Play"
                </button>
                <button type="button" class="add" prop:disabled=move || !is_writing.get() on:click=move |_| page.dispatch(Event::Work(WorkEvent::CancelAsked))>
                    "Stop"
                </button>
                <button
                    type="button"
                    class="add"
                    prop:disabled=move || is_writing.get() || !has_written.get()
                    on:click=move |_| send(EditEvent::TokenTakenBack)
                >
                    "Undo token"
                </button>
            </div>
            <SamplingFields page can_write />
            <p class="written" role="status" aria-label="Generated">
                {move || written.get().iter().map(|(token, written)| {
                    let label = token_label(token, form.get());
                    let position = written.position;
                    let is_open = move || opened.get() == Some(position);
                    view! {
                        <button
                            type="button"
                            class="written-token"
                            aria-expanded=move || is_open().to_string()
                            title=format!("probability {:.3}; click to see alternatives", written.prob)
                            on:click=move |_| opened.update(|opened| {
                                *opened = (*opened != Some(position)).then_some(position);
                            })
                        >
                            {token_text(&label)}
                        </button>
                    }
                }).collect_view()}
            </p>
            <p class="hint" role="status" aria-label="End of the text">{move || note.get()}</p>
            {move || others.get().map(|(position, token, others)| {
                let form = form.get();
                let name = token_label(&token, form).plain;
                view! {
                    <div class="buttons alternatives" role="group" aria-label=format!("Instead of {name}")>
                        <span class="label">"Instead of " <bdi>{name.clone()}</bdi></span>
                        {others.into_iter().map(|prediction| {
                            let id = prediction.id;
                            let branch = move || {
                                opened.set(None);
                                send(EditEvent::BranchPicked(position, id));
                            };
                            view! { <TokenButton prediction form is_disabled=is_writing on_pick=branch /> }
                        }).collect_view()}
                    </div>
                }
            })}
            <Continuations page />
            <div class="buttons alternatives" role="group" aria-label="Choose the next token" class:gone=move || !can_write.get()>
                {move || top.get().map(|(top, form)| top.into_iter().map(|prediction| {
                    let id = prediction.id;
                    let write = move || send(EditEvent::TokenPicked(id));
                    view! { <TokenButton prediction form is_disabled=is_writing on_pick=write /> }
                }).collect_view())}
            </div>
        </section>
    }
}
