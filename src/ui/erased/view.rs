//! Leptos's `view!` with a single type for all views, so that lists of views and views that come and go are compiled once.

/// Leptos's `view!`, as an `AnyView`.
macro_rules! view {
    ($($tokens:tt)*) => {
        leptos::prelude::IntoAny::into_any(leptos::prelude::view! { $($tokens)* })
    };
}

pub(in crate::ui) use view;
