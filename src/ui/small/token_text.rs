//! A token's label: its text with its marks muted, isolated from the text around it.

use leptos::prelude::*;

use crate::trace::display::{PieceKind, TokenLabel};
use crate::ui::erased::view;

/// What is predicted after a token, behind an arrow.
pub fn predicted_text(label: &TokenLabel) -> impl IntoView + use<> {
    view! {
        <span class="predicted">
            <span class="mark" aria-hidden="true">" → "</span>
            <span class="only-spoken">" predicts "</span>
            {token_text(label)}
        </span>
    }
}

/// The label as DOM text.
pub fn token_text(label: &TokenLabel) -> impl IntoView + use<> {
    let pieces = label.pieces.iter().map(|piece| match piece.kind {
        PieceKind::Text => view! { <>{piece.text.clone()}</> },
        PieceKind::Space | PieceKind::Continuation => {
            view! { <span class="mark">{piece.text.clone()}</span> }
        }
        PieceKind::Control | PieceKind::Bytes => {
            view! { <span class="mark code">{piece.text.clone()}</span> }
        }
    });
    view! { <bdi>{pieces.collect_view()}</bdi> }
}
