//! Which tokens the outcome rests on: a strip of coloured tokens with their numbers.

use leptos::prelude::*;

use super::strip::strip;
use crate::state::matters::{SaliencyNumbers, SaliencyText};
use crate::state::{Event, MattersEvent, wording};
use crate::trace::display::token_label;
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::csv_button::CsvButton;
use crate::ui::small::problem::Problem;
use crate::ui::small::radio_group::RadioGroup;
use crate::ui::small::same::Same;

/// What a token's number is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenNumber {
    #[default]
    Product,
    Norm,
    Integrated,
}

impl TokenNumber {
    const EACH: [(TokenNumber, &'static str); 3] =
        [(Self::Product, "Gradient × embedding"), (Self::Norm, "Norm"), (Self::Integrated, "Integrated gradients")];

    /// A text's numbers.
    pub fn numbers(self, text: &SaliencyText) -> &[f32] {
        match self {
            Self::Product => &text.product,
            Self::Norm => &text.norm,
            Self::Integrated => &text.integrated,
        }
    }
}

/// The button, the choice of a number, and the strips.
#[component]
pub fn SaliencyPart(page: Page) -> impl IntoView {
    let number = RwSignal::new(TokenNumber::default());
    let found = page.memo(|state| state.saliency().cloned().map(Same));
    let about = page.memo(|state| state.shown.as_ref().map(|shown| state.saliency_about(shown)));
    // The form above says why there are no gradients.
    let is_impossible = page.memo(|state| state.saliency_problem().is_some());
    let failure = page.memo(|state| state.matters.saliency.problem().map(str::to_owned));
    let is_pending = page.memo(|state| state.matters.saliency.is_pending());
    let table = move || found.get_untracked().map(|found| to_csv(&found.0));
    view! {
        <section class="saliency" aria-label="Saliency of tokens">
            <h3>"Tokens that the outcome rests on"</h3>
            <div class="sweep-start">
                <button
                    type="button"
                    class="add"
                    prop:disabled=move || is_pending.get() || is_impossible.get()
                    on:click=move |_| page.dispatch(Event::Matters(MattersEvent::SaliencyAsked))
                >
                    "Saliency"
                </button>
                <span class="label" role="status" aria-label="Saliency">
                    {move || is_pending.get().then_some("Working through the text …")}
                </span>
            </div>
            {move || failure.get().map(|message| view! { <Problem message /> })}
            {move || found.get().map(|found| {
                let (strips, words) = (found.clone(), found);
                view! {
                    <RadioGroup
                        name="token-number"
                        label="Number"
                        options=TokenNumber::EACH.map(|(number, name)| (number, name.to_owned())).to_vec()
                        picked=move || Some(number.get())
                        pick=move |picked| number.set(picked)
                    />
                    <p class="hint"><bdi>{about.get()}</bdi></p>
                    {move || strips.0.texts.iter().map(|text| strip(text, number.get())).collect_view()}
                    <p class="hint">{move || meaning(&words.0, number.get())}</p>
                    <CsvButton name="saliency" table=Box::new(table) />
                }
            })}
        </section>
    }
}

/// What the numbers are, and what they leave over.
fn meaning(found: &SaliencyNumbers, number: TokenNumber) -> String {
    match number {
        TokenNumber::Product => {
            "Gradient · embedding, with its sign: a linear account at this text, not what leaving the word out would do.".to_owned()
        }
        TokenNumber::Norm => "Length of the gradient: how fast the outcome moves with the token’s embedding, whichever way.".to_owned(),
        TokenNumber::Integrated => {
            let form = found.texts.first().map(|text| text.tokens.form).unwrap_or_default();
            let baseline = match &found.baseline {
                Some(token) => format!("the embedding of {}", token_label(token, form).plain),
                None => "the mean embedding".to_owned(),
            };
            let left: Vec<String> = found.remainders.iter().map(|left| wording::change(*left)).collect();
            format!(
                "Gradients along the straight way from {baseline} at every position, in {} steps. Not accounted for: {}.",
                found.n_steps,
                left.join(" and ")
            )
        }
    }
}

/// A line for each token of each text.
fn to_csv(found: &SaliencyNumbers) -> String {
    let mut csv = "text,position,token_id,saliency,norm,integrated\r\n".to_owned();
    for (at, text) in found.texts.iter().enumerate() {
        for (position, id) in text.tokens.ids.iter().enumerate() {
            let [product, norm, integrated] =
                [&text.product, &text.norm, &text.integrated].map(|values| values[position]);
            csv.push_str(&format!("{at},{position},{id},{product},{norm},{integrated}\r\n"));
        }
    }
    csv
}
