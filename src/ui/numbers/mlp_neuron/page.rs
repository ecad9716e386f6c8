//! The page of the neuron that is open.

use leptos::prelude::*;

use super::by_position::by_position;
use super::edit::NeuronEdit;
use crate::state::stream::neuron::NeuronNumbers;
use crate::state::{Event, StreamEvent, wording};
use crate::trace::TokenForm;
use crate::ui::erased::view;
use crate::ui::numbers::token_list::token_list;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;
use crate::ui::small::same::Same;

/// The neuron's page; nothing while no neuron is open.
#[component]
pub fn NeuronPage(page: Page) -> impl IntoView {
    let opened = page.memo(|state| state.stream.opened.neuron);
    let problem = page.memo(|state| state.stream.neuron.problem().map(str::to_owned));
    let form = page.memo(|state| state.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.info.tokens.form));
    let found = page.memo(|state| state.stream.neuron.value().cloned().map(Same));
    // What is here may still be the neuron before.
    let of_opened = move || found.get().filter(|found| opened.get() == Some((found.0.layer, found.0.neuron)));
    let close = move |_| page.dispatch(Event::Stream(StreamEvent::NeuronOpened(None)));
    let body = move || match (problem.get(), of_opened()) {
        (Some(problem), _) => view! { <Problem message=problem /> }.into_any(),
        (None, Some(found)) => view! {
            {words(&found.0, form.get())}
            {by_position(page, &found.0)}
            <NeuronEdit page layer=found.0.layer neuron=found.0.neuron />
        }
        .into_any(),
        (None, None) => view! { <p class="hint">"Loading …"</p> }.into_any(),
    };
    move || {
        opened.get().map(|(layer, neuron)| {
            view! {
                <section class="panel mlp-neuron" aria-label="Neuron of the MLP">
                    <h2>
                        <span>{format!("Neuron {neuron} of the MLP of layer {layer}")}</span>
                        <button type="button" class="link" on:click=close>"Close"</button>
                    </h2>
                    {body}
                </section>
            }
        })
    }
}

/// The tokens of the neuron's weights.
fn words(found: &NeuronNumbers, form: TokenForm) -> AnyView {
    let line = |name: &'static str, list: &[(String, f32)]| {
        (!list.is_empty()).then(|| {
            view! {
                <dt>{name}</dt>
                <dd><bdi>{token_list(list, form)}</bdi></dd>
            }
        })
    };
    let gate = if found.linear.is_empty() { "" } else { " (its gate)" };
    view! {
        {found.without_words.as_deref().map(|reason| view! { <p class="hint">{wording::sentence(reason)}</p> })}
        <dl class="token-lists">
            {line("Promotes", &found.promotes)}
            {line("Suppresses", &found.suppresses)}
            {line("Driven most by", &found.drivers)}
        </dl>
        <p class="hint">
            {format!("Adds a vector of length {:.3} per unit of activation. ", found.out_norm)}
            {(!found.promotes.is_empty()).then_some("Promotes, suppresses: logits per unit, through the final norm’s weights, its scale left out. ")}
            {(!found.drivers.is_empty()).then(|| format!("Driven: what a token’s embedding alone gives before the activation function{gate}, without position and attention."))}
            {(found.layer > 0).then_some("Only in layer 0 can the tokens that drive a neuron be read off its weights.")}
        </p>
    }
    .into_any()
}
