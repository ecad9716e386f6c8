//! Which tokens go through the head's circuits, and how far apart they stand.

use leptos::prelude::*;

use crate::state::stream::circuits::CircuitsAsked;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;

/// Texts separated by commas, and a distance where positions turn queries and keys.
#[component]
pub fn CircuitFields(
    page: Page,
    asked: RwSignal<CircuitsAsked>,
    /// Hears what is asked for once somebody changes it.
    ask: Box<dyn Fn(CircuitsAsked)>,
) -> impl IntoView {
    let ask = StoredValue::new_local(ask);
    let is_rotary = page.memo(|state| {
        let layer = state.selection.layer;
        state.shown.as_ref().is_some_and(|shown| shown.stack_spec().rotary_of(layer).is_some())
    });
    let change = move |change: &dyn Fn(&mut CircuitsAsked)| {
        let mut changed = asked.get_untracked();
        change(&mut changed);
        ask.with_value(|ask| ask(changed));
    };
    view! {
        <div class="fields">
            <label>
                "Tokens"
                <input
                    type="text"
                    placeholder="selected, or:  Mary, John"
                    aria-description="Texts separated by commas, with their spaces; of several tokens the first counts. Leave it empty for the selected tokens."
                    prop:value=move || asked.with(|asked| asked.texts.join(","))
                    on:change:target=move |event| {
                        let texts = texts(&event.target().value());
                        change(&|asked| asked.texts.clone_from(&texts));
                    }
                />
            </label>
            <label class:none=move || !is_rotary.get()>
                "Distance"
                <input
                    type="number"
                    min="0"
                    step="1"
                    prop:value=move || asked.with(|asked| asked.distance.to_string())
                    on:change:target=move |event| {
                        let distance = event.target().value().parse().unwrap_or(1);
                        change(&|asked| asked.distance = distance);
                    }
                />
            </label>
        </div>
    }
}

/// The texts of a list with commas between; spaces belong to a text, since words begin with one.
fn texts(list: &str) -> Vec<String> {
    list.split(',').filter(|text| !text.trim().is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::texts;

    #[test]
    fn spaces_belong_to_the_words() {
        assert_eq!(texts(" Mary, John,,cat"), [" Mary", " John", "cat"]);
        assert!(texts(" , ").is_empty());
    }
}
