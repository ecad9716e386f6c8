//! What the table shows, and what it does not say.

use leptos::prelude::*;

use crate::ui::erased::view;

/// Explanations, closed until somebody opens them.
#[component]
pub fn Help() -> impl IntoView {
    view! {
        <details class="stream-help">
            <summary>"What the table shows"</summary>
            <p>
                "Row l is the stream entering layer l: row 0 the embeddings, the last row the output. The logit lens applies the model’s own \
                 final norm and unembedding to it (of masked-word models and classifiers, their head, at every position whatever it reads): what \
                 the model would predict if it ended there."
            </p>
            <p>
                "Early layers mislead: the stream there is not written for the unembedding, so what the lens reads off need not be what \
                 later layers make of it (Belrose et al. 2023)."
            </p>
            <p>
                "KL compares the output at the same position with the lens, in nats; a rank counts the tokens with a larger logit; norms of \
                 what attention and the MLP add belong to the layer that the stream enters."
            </p>
        </details>
    }
}
