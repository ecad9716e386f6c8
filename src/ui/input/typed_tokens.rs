//! The tokens of the text being typed, with their ids on hover.

use leptos::prelude::*;

use crate::state::wording;
use crate::trace::display::token_label;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::token_text::token_text;

/// The number of tokens shown.
const N_SHOWN: usize = 64;

/// A line of small tokens and their number; empty until a model is loaded, faded while the tokens are those of an earlier text.
#[component]
pub fn TypedTokens(page: Page) -> impl IntoView {
    let typed = page.memo(|state| state.typed_tokens().map(|(tokens, _)| tokens.clone()));
    let is_stale = page.memo(|state| state.typed_tokens().is_some_and(|(_, is_current)| !is_current));
    view! {
        <div
            class="typed"
            class:stale=move || is_stale.get()
            role="group"
            aria-label="Tokens of the input"
            aria-busy=move || is_stale.get().to_string()
        >
            {move || typed.get().map(|tokens| {
                let each = tokens.tokens.iter().zip(&tokens.ids).take(N_SHOWN);
                let small = |(token, id): (&String, &u32)| {
                    let label = token_label(token, tokens.form);
                    view! { <span class="typed-token" title=format!("{}, id {id}", label.plain)>{token_text(&label)}</span> }
                };
                let rest = tokens.len().saturating_sub(N_SHOWN);
                view! {
                    {each.map(small).collect_view()}
                    <span class="aside">
                        {if rest > 0 { format!("and {rest} more: {}", wording::count(tokens.len(), "token")) } else { wording::count(tokens.len(), "token") }}
                    </span>
                }
            })}
        </div>
    }
}
