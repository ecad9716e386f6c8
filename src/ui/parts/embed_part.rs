//! The page in a frame, which comes in the second part.

use leptos::prelude::*;

use super::Parts;

/// The page in a frame of another page, all of which is fetched after the first program.
#[component]
pub fn EmbedPart() -> impl IntoView {
    Parts::fetch().awaited(|views| (views.embed)())
}
