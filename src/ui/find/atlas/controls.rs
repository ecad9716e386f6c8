//! How the atlases are shown.

use leptos::prelude::*;

use super::send;
use crate::state::find::atlas::{MAX_GROUPS, score_name};
use crate::state::find::{AtlasEvent, AtlasView};
use crate::ui::erased::{Show, view};
use crate::ui::shell::page::Page;
use crate::ui::small::radio_group::RadioGroup;
use crate::ui::small::select_field::{SelectField, same_name};

/// The way to look at the atlases, the scores along the axes, the number of groups.
#[component]
pub fn AtlasControls(page: Page) -> impl IntoView {
    let picked = page.memo(|state| state.find.atlas.view);
    let ids = page.memo(|state| state.find.atlas.score_ids());
    let axes = page.memo(|state| state.find.atlas.axes.clone());
    let n_groups = page.memo(|state| state.find.atlas.n_groups);
    let scores = Signal::derive(move || ids.get().into_iter().map(|id| (id.clone(), score_name(&id))).collect());
    let counts = Signal::stored((1..=MAX_GROUPS).map(|n| same_name(n.to_string())).collect());
    let axis = move |label: &'static str, axis: usize| {
        view! {
            <SelectField
                label
                options=scores
                picked=Signal::derive(move || axes.with(|axes| axes[axis].clone()))
                pick=move |id| send(page, AtlasEvent::AxisPicked(axis, id))
            />
        }
    };
    let views = [(AtlasView::Scatter, "Two measures"), (AtlasView::Map, "Map"), (AtlasView::Likeness, "Likeness")];
    view! {
        <div class="find-fields">
            <RadioGroup
                name="atlas-view"
                label="Heads by"
                options=views.map(|(view, label)| (view, label.to_owned())).to_vec()
                picked=move || Some(picked.get())
                pick=move |view| send(page, AtlasEvent::ViewPicked(view))
            />
            <Show when=move || picked.get() == AtlasView::Map>{axis("Measure", 0)}</Show>
            <Show when=move || picked.get() == AtlasView::Scatter>
                {axis("Across", 0)}
                {axis("Upwards", 1)}
            </Show>
            <Show when=move || picked.get() != AtlasView::Map>
                <SelectField
                    label="Groups"
                    class="short"
                    options=counts
                    picked=Signal::derive(move || n_groups.get().to_string())
                    pick=move |n: String| send(page, AtlasEvent::GroupsPicked(n.parse().unwrap_or(1)))
                />
            </Show>
        </div>
    }
}
