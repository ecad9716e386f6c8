//! What the colours of heads stand for.

use leptos::prelude::*;

use super::Shown;
use crate::state::wording::count;
use crate::ui::erased::view;

/// The colour of each group, and how many heads it has.
#[component]
pub fn GroupLegend(shown: Shown) -> impl IntoView {
    let sizes = move || {
        let likeness = shown.likeness.get()?;
        let n_groups = likeness.groups.iter().max().map_or(0, |most| most + 1);
        let size = |group: usize| likeness.groups.iter().filter(|other| **other == group).count();
        Some((0..n_groups).map(size).collect::<Vec<usize>>())
    };
    let item = |(group, size): (usize, usize)| {
        view! {
            <li>
                <span class="point" aria-hidden="true" style:--group=group.to_string()></span>
                {format!("group {}: {}", group + 1, count(size, "head"))}
            </li>
        }
    };
    view! {
        {move || sizes().map(|sizes| view! {
            <ul class="atlas-groups" aria-label="Groups by likeness">
                {sizes.into_iter().enumerate().map(item).collect_view()}
            </ul>
        })}
    }
}
