//! Leptos's `Show`, compiled once for all conditions.

use leptos::children::ViewFn;
use leptos::prelude::*;

use super::derived::Derived;

/// Shows its children while `when` holds, else what `fallback` makes. Either is made again only when the condition changes.
#[component]
pub fn Show<W: Fn() -> bool + Send + Sync + 'static>(
    /// The condition, which follows what it reads.
    when: W,
    /// What is shown while it holds.
    children: ChildrenFn,
    /// What is shown otherwise.
    #[prop(optional, into)]
    fallback: ViewFn,
) -> impl IntoView {
    shown(Derived::new(when), children, fallback)
}

fn shown(when: Derived<bool>, children: ChildrenFn, fallback: ViewFn) -> AnyView {
    (move || if when.get() { children() } else { fallback.run() }).into_any()
}
