//! What is ranked, and for which edit.

use leptos::prelude::*;

use crate::state::editing::Against;
use crate::state::{Event, MattersChoice, MattersEvent, Ranked};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::radio_group::RadioGroup;
use crate::ui::small::select_field::SelectField;

/// Two choices, and a field for the other text where one is patched in.
#[component]
pub fn RankedChoice(page: Page) -> impl IntoView {
    let choice = page.memo(|state| state.matters.choice.clone());
    let choose = move |choice: MattersChoice| page.dispatch(Event::Matters(MattersEvent::Chosen(choice)));
    let options =
        Signal::stored(Ranked::EACH.map(|ranked| (ranked.name().to_owned(), ranked.label().to_owned())).to_vec());
    let rank = move |name: String| {
        let ranked = Ranked::EACH.into_iter().find(|ranked| ranked.name() == name).unwrap_or_default();
        choose(MattersChoice { ranked, ..choice.get_untracked() });
    };
    let edit = move |is_patch: bool| {
        // The text that is compared with stands there already.
        let beside = page.peek(|state| match &state.editing.against {
            Against::Text(text) => text.clone(),
            _ => String::new(),
        });
        choose(MattersChoice { from: is_patch.then_some(beside), ..choice.get_untracked() });
    };
    let from = move || choice.with(|choice| choice.from.clone());
    let has_from = page.memo(|state| state.matters.choice.from.is_some());
    view! {
        <SelectField
            label="Ranked"
            class="sweep-kind"
            options
            picked=Signal::derive(move || choice.with(|choice| choice.ranked.name().to_owned()))
            pick=rank
        />
        <RadioGroup
            name="matters-edit"
            label="Edit"
            options=[(false, "Zeroing"), (true, "Patching from another text")]
                .map(|(is_patch, name)| (is_patch, name.to_owned()))
                .to_vec()
            picked=move || Some(has_from.get())
            pick=edit
        />
        {move || has_from.get().then(|| view! {
            <label class="other">
                "Other text, of as many tokens"
                <textarea
                    rows="2"
                    spellcheck="false"
                    prop:value=move || from().unwrap_or_default()
                    on:input:target=move |event| {
                        let from = Some(event.target().value());
                        choose(MattersChoice { from, ..choice.get_untracked() });
                    }
                ></textarea>
            </label>
        })}
    }
}
