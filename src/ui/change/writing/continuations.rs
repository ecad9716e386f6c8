//! How the original and the edited result go on, each by its own choice, one above the other.

use leptos::prelude::*;

use crate::protocol::Prediction;
use crate::state::editing::EditEvent;
use crate::state::{Event, State, Variant};
use crate::trace::TokenForm;
use crate::trace::display::token_label;
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::token_text::token_text;

/// How many tokens are generated of each.
const N_TOKENS: u32 = 24;

/// A button, and a row for each result; where they part, the tokens stand out.
#[component]
pub fn Continuations(page: Page) -> impl IntoView {
    let can_continue = page.memo(State::can_continue_both);
    let is_busy = page.memo(State::is_busy);
    let found = page.memo(|state| {
        let form = state.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.info.tokens.form);
        let names = [Variant::A, Variant::B].map(|side| state.editing.name_of(side));
        state.editing.continuations.clone().map(|continuations| (continuations, form, names))
    });
    view! {
        <Show when=move || can_continue.get()>
            <div class="buttons">
                <button
                    type="button"
                    class="add"
                    title="The original and the other result, each choosing its own tokens"
                    prop:disabled=move || is_busy.get()
                    on:click=move |_| page.dispatch(Event::Editing(EditEvent::ContinueAsked(N_TOKENS)))
                >
                    "Compare continuations"
                </button>
            </div>
            {move || found.get().map(|(continuations, form, names)| {
                let n_shared = continuations.n_shared();
                view! {
                    <table class="continuations" aria-label="Continuations">
                        <tbody>
                            {row(names[0], &continuations.original, n_shared, form)}
                            {row(names[1], &continuations.other, n_shared, form)}
                        </tbody>
                    </table>
                }
            })}
        </Show>
    }
}

fn row(name: &'static str, tokens: &[Prediction], n_shared: usize, form: TokenForm) -> impl IntoView + use<> {
    let token = |(at, token): (usize, &Prediction)| {
        let is_own = at >= n_shared;
        let title = format!("probability {:.3}", token.prob);
        view! {
            <span class="written-token" class:own=is_own title=title>
                {token_text(&token_label(&token.token, form))}
            </span>
        }
    };
    let text = match tokens.is_empty() {
        true => view! { <span class="aside">"ends here"</span> },
        false => tokens.iter().enumerate().map(token).collect_view().into_any(),
    };
    view! { <tr><th scope="row">{name}</th><td>{text}</td></tr> }
}
