//! The tokens of the text being typed, with their ids on hover.

use leptos::prelude::*;

use crate::state::readings::Typed;
use crate::state::wording;
use crate::trace::display::token_label;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::token_text::token_text;

/// The number of tokens shown.
const N_SHOWN: usize = 64;
/// The number shown of a conversation, with what its template adds.
const N_SHOWN_OF_CHAT: usize = 512;

/// A line of small tokens and their number; empty until a model is loaded, faded while the tokens are those of an earlier text.
#[component]
pub fn TypedTokens(page: Page) -> impl IntoView {
    let typed = page.memo(|state| state.typed_tokens().map(|(typed, _)| typed.clone()));
    let is_stale = page.memo(|state| state.typed_tokens().is_some_and(|(_, is_current)| !is_current));
    let is_chat = Derived::new(move || typed.with(|typed| typed.as_ref().is_some_and(|typed| !typed.turns.is_empty())));
    view! {
        <div
            class="typed"
            class:stale=move || is_stale.get()
            class:wrapped=move || is_chat.get()
            role="group"
            // Those of a conversation scroll.
            tabindex=move || is_chat.get().then_some("0")
            aria-label="Tokens of the input"
            aria-busy=move || is_stale.get().to_string()
        >
            {move || typed.get().map(|Typed { tokens, turns }| {
                let n_shown = if turns.is_empty() { N_SHOWN } else { N_SHOWN_OF_CHAT };
                let each = tokens.tokens.iter().zip(&tokens.ids).enumerate().take(n_shown);
                let small = |(position, (token, id)): (usize, (&String, &u32))| {
                    let label = token_label(token, tokens.form);
                    let role = turns.iter().find(|turn| turn.holds(position)).map(|turn| turn.role.clone());
                    let speaker = role.as_ref().map(|role| format!(", {role}")).unwrap_or_default();
                    let title = format!("{}, id {id}{speaker}", label.plain);
                    view! { <span class="typed-token" data-role=role title=title>{token_text(&label)}</span> }
                };
                let rest = tokens.len().saturating_sub(n_shown);
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
