//! Why a checkpoint cannot be loaded.

use leptos::prelude::*;

use crate::sources::Unusable;
use crate::ui::erased::view;
use crate::ui::small::problem::Problem;

/// Says what is missing, and what helps.
#[component]
pub fn Refused(unusable: Unusable) -> impl IntoView {
    view! {
        <Problem message=unusable.message />
        {unusable.convert.map(|lines| view! {
            <pre class="convert" aria-label="Three lines of Python"><code>{lines.join("\n")}</code></pre>
        })}
    }
}
