//! A text as coloured tokens with a number under each.

use leptos::prelude::*;

use super::saliency::TokenNumber;
use crate::state::matters::SaliencyText;
use crate::state::wording;
use crate::trace::display::token_label;
use crate::ui::erased::view;

/// The strip: blue for what raises the outcome, orange for what lowers it.
pub fn strip(text: &SaliencyText, number: TokenNumber) -> AnyView {
    let values = number.numbers(text);
    let largest = values.iter().map(|value| value.abs()).fold(f32::MIN_POSITIVE, f32::max);
    let token = |(position, token): (usize, &String)| {
        let label = token_label(token, text.tokens.form).plain;
        let value = values.get(position).copied().unwrap_or_default();
        let words =
            if number == TokenNumber::Norm { wording::short_weight(value) } else { wording::short_change(value) };
        // Not the full colour, on which the token could not be read.
        let (is_more, is_less) = (value > 0.0, value < 0.0);
        let strength = format!("{:.1}%", 60.0 * (value.abs() / largest).min(1.0));
        let title = format!("position {position}: {words}");
        view! {
            <li title=title>
                <bdi class="coloured" class:positive=is_more class:negative=is_less style:--strength=strength>{label}</bdi>
                <span class="number">{words}</span>
            </li>
        }
    };
    view! { <ol class="token-strip">{text.tokens.tokens.iter().enumerate().map(token).collect_view()}</ol> }.into_any()
}
