//! What is there only while a condition holds: leptos's `Show`, with one machinery for all of them.

use leptos::children::ViewFn;
use leptos::prelude::*;

use super::derived::Derived;

/// Shows its children while `when` holds, else what `fallback` makes. Both are made anew when that changes, and only then.
#[component]
pub fn Show<W: Fn() -> bool + Send + Sync + 'static>(
    /// The condition, which follows what it reads.
    when: W,
    /// What is shown.
    children: ChildrenFn,
    /// What is shown instead.
    #[prop(optional, into)]
    fallback: ViewFn,
) -> impl IntoView {
    shown(Derived::new(when), children, fallback)
}

fn shown(when: Derived<bool>, children: ChildrenFn, fallback: ViewFn) -> AnyView {
    (move || if when.get() { children() } else { fallback.run() }).into_any()
}
