//! Leptos's building blocks, compiled once instead of once per type.
//!
//! Leptos is generic: a memo is compiled again for each type of value, a keyed list for each type of row, and whatever holds a view
//! for each type of view. Here values stand behind pointers and every view is an `AnyView`, so that one copy serves all. The rest
//! of `ui` uses these and not leptos's own: [`Derived`] for `Memo`, [`effect`] for `Effect`, [`keyed`] for `For`, [`Show`] for `Show`, and
//! the macro `view!`.

mod derived;
mod keyed;
mod show;
mod view;

pub use derived::{Derived, effect};
pub use keyed::keyed;
pub use show::Show;
pub(super) use view::view;
