//! A token of the outcome, typed: how the model cuts it, and the form with a space where that is meant.

use leptos::prelude::*;

use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::state::editing::answers::Part;
use crate::ui::erased::{Derived, view};
use crate::ui::shell::page::Page;
use crate::ui::small::token_text::token_text;

/// The field, and under it the tokens of what it holds. `aim`: the part that a click on a predicted token fills.
#[component]
pub fn AnswerField(page: Page, part: Part, aim: RwSignal<Part>) -> impl IntoView {
    let value = page.memo(move |state| state.part_of_outcome(part).cloned().unwrap_or_default());
    let typed = RwSignal::new(None::<String>);
    let text = Derived::new(move || typed.get().unwrap_or_else(|| value.get().text));
    // A token that was clicked is one token, however the model cuts its text.
    let is_typed = Derived::new(move || typed.get().is_some() || value.get().id.is_none());
    let cut = Derived::new(move || {
        let text = is_typed.get().then(|| text.get())?;
        page.with(|state| state.cut_of(&text).map(<[_]>::to_vec))
    });
    let spaced = Derived::new(move || {
        let text = is_typed.get().then(|| text.get())?;
        page.with(|state| state.spaced(&text))
    });
    let take = move |text: &str| {
        typed.set(None);
        let event = page.peek(|state| state.with_part(part, text.into()));
        page.dispatch(event);
    };
    let ask = move |text: String| page.dispatch(Event::Editing(EditEvent::AnswerTyped(text)));
    let name = part.label();
    let offer = move |spaced: String| {
        let name = format!("Use “·{}”, with a space before it", spaced.trim_start());
        view! { <button type="button" class="link" on:click=move |_| take(&spaced)>{name}</button> }
    };
    view! {
        <div class="answer">
            <label>
                {name.clone()}
                <input
                    type="text"
                    spellcheck="false"
                    autocapitalize="none"
                    prop:value=move || text.get()
                    on:focus:target=move |event| {
                        aim.set(part);
                        ask(event.target().value());
                    }
                    on:input:target=move |event| {
                        typed.set(Some(event.target().value()));
                        ask(event.target().value());
                    }
                    on:change:target=move |event| take(&event.target().value())
                />
            </label>
            <p class="cut" role="status" aria-label=format!("{name} as tokens")>
                {move || cut.get().map(|labels| {
                    let several = labels.len() != 1;
                    let tokens = labels.iter().map(|label| view! { <span class="typed-token">{token_text(label)}</span> });
                    view! {
                        {tokens.collect_view()}
                        {several.then(|| format!(" {} tokens: one is needed", labels.len()))}
                    }
                })}
            </p>
            {move || spaced.get().map(offer)}
        </div>
    }
}
