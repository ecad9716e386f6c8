//! Leptos's `view!`, of one type whatever is in it: what depends on a view's type, such as lists of them and views that come and go, is
//! compiled once instead of for each.

/// As leptos's, but an `AnyView`.
macro_rules! view {
    ($($tokens:tt)*) => {
        leptos::prelude::IntoAny::into_any(leptos::prelude::view! { $($tokens)* })
    };
}

pub(in crate::ui) use view;
