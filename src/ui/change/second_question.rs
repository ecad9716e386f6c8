//! Asks before a large model is downloaded and held beside the model of A.

use leptos::prelude::*;

use crate::state::Event;
use crate::state::editing::EditEvent;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// What the other model takes, and the button that loads it.
#[component]
pub fn SecondQuestion(page: Page) -> impl IntoView {
    let question = page.memo(|state| state.second_model_question());
    let agree = move |_| page.dispatch(Event::Editing(EditEvent::SecondModelAgreed));
    view! {
        <>
            {move || question.get().map(|(question, button)| view! {
                <p class="hint">{question}</p>
                <button type="button" class="add" on:click=agree>{button}</button>
            })}
        </>
    }
}
