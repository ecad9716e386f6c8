//! Tokens with a number each, as words.

use crate::state::wording;
use crate::trace::TokenForm;
use crate::trace::display::token_label;

/// "·Mary +1.20, ·John +0.93"
pub fn token_list(list: &[(String, f32)], form: TokenForm) -> String {
    let named =
        |(name, value): &(String, f32)| format!("{} {}", token_label(name, form).plain, wording::short_change(*value));
    list.iter().map(named).collect::<Vec<_>>().join(", ")
}
