//! What attention weights do not say, beside every number made of them.

use leptos::prelude::*;

use crate::ui::erased::view;

/// The papers cited, with their addresses.
const PAPERS: [(&str, &str); 4] = [
    ("Jain & Wallace 2019", "https://arxiv.org/abs/1902.10186"),
    ("Wiegreffe & Pinter 2019", "https://arxiv.org/abs/1908.04626"),
    ("Xiao et al. 2023", "https://arxiv.org/abs/2309.17453"),
    ("Kobayashi et al. 2020", "https://arxiv.org/abs/2004.10102"),
];

/// One sentence, and a paragraph behind "More".
#[component]
pub fn Caution() -> impl IntoView {
    let [jain, wiegreffe, xiao, kobayashi] = PAPERS.map(|(name, url)| {
        view! { <a href=url target="_blank" rel="noopener noreferrer">{name}</a> }
    });
    view! {
        <details class="caution">
            <summary>
                "A weight says where a head reads, not how much arrives, nor whether it matters. " <span class="more">"More"</span>
            </summary>
            <p>
                "How much arrives depends on the value vector too (" {kobayashi} "). Nothing shown here explains an output \
                without an intervention and a control: change the model and look again (" {jain} "; " {wiegreffe} "). Much \
                attention rests on the first token and on separators and often does little (" {xiao} "); so every score \
                is shown with them and without."
            </p>
        </details>
    }
}
