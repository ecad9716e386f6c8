//! The head's circuits: what it writes of each token, what each token reads, and its copying score.

use leptos::prelude::*;

use crate::state::stream::circuits::{CircuitRow, HeadNumbers};
use crate::state::wording;
use crate::trace::TokenForm;
use crate::trace::display::token_label;
use crate::trace::numeral::with_minus;
use crate::ui::erased::view;
use crate::ui::numbers::token_list::token_list;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;
use crate::ui::small::same::Same;

/// The circuits of the selected head.
#[component]
pub fn Circuits(page: Page) -> impl IntoView {
    let found = page.memo(|state| state.stream.head.value().cloned().map(Same));
    let problem = page.memo(|state| state.stream.head.problem().map(str::to_owned));
    let selected = page.memo(|state| (state.selection.layer, state.selection.head()));
    let reason = page.memo(|state| match (state.can_answer(true), state.has_circuits()) {
        (false, _) => Some("Circuits need the model’s weights: run the text in the model."),
        (true, false) => {
            Some("Cross-attention reads what an encoder made of a text: no embedding goes through its circuits.")
        }
        (true, true) => None,
    });
    let form = page.memo(|state| state.shown.as_ref().map_or(TokenForm::Plain, |shown| shown.info.tokens.form));
    move || {
        if let Some(reason) = reason.get() {
            return view! { <p class="hint">{reason}</p> }.into_any();
        }
        if let Some(problem) = problem.get() {
            return view! { <Problem message=problem /> }.into_any();
        }
        match found.get().filter(|found| (found.0.layer, found.0.head) == selected.get()) {
            Some(found) => body(&found.0, form.get()),
            None => view! { <p class="hint">"Loading …"</p> }.into_any(),
        }
    }
}

fn body(found: &HeadNumbers, form: TokenForm) -> AnyView {
    let row = |row: &CircuitRow| {
        let name = token_label(&row.token.token, form).plain;
        let name =
            if row.token.n_pieces > 1 { format!("{name} (first of {} tokens)", row.token.n_pieces) } else { name };
        let line = |name: &'static str, list: &[(String, f32)]| {
            let list = Some(token_list(list, form)).filter(|list| !list.is_empty());
            list.map(|list| view! { <tr><th scope="row">{name}</th><td><bdi>{list}</bdi></td></tr> })
        };
        view! {
            <tbody>
                <tr><th scope="rowgroup" colspan="2"><bdi>{name}</bdi></th></tr>
                {line("promotes", &row.promotes)}
                {line("suppresses", &row.suppresses)}
                {line("reads", &row.wants)}
            </tbody>
        }
    };
    let copying = found.copying.map(|copying| format!("Copying score {}", with_minus(&format!("{copying:.3}"))));
    let what = match found.without_words {
        Some(_) => "Which tokens each token reads",
        None => "What each token promotes and suppresses where it is read, and which tokens it reads",
    };
    let literal = match found.layer {
        0 => "",
        _ => " Literal in layer 0 only: later layers read a stream that holds more than embeddings.",
    };
    view! {
        <p class="note">
            {copying}
            {found.without_words.as_deref().map(wording::sentence)}
        </p>
        <p class="hint">{format!("{what} at distance {}.", found.distance)}</p>
        <table class="written-parts circuits" aria-label="Circuits of the head">
            {found.rows.iter().map(row).collect_view()}
        </table>
        <p class="hint">
            {format!(
                "Of the weights, on embeddings without position: OV through the norms’ weights, QK as scale · q·k before soft-cap and position bias. Copying: Re Σλ / Σ|λ| of the OV circuit; tied embeddings inflate it.{literal}",
            )}
        </p>
    }
    .into_any()
}
