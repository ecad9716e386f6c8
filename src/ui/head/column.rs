//! What the rows of a column follow.

use super::scene::Scene;
use super::token_figure::Figure;
use crate::render::Received;
use crate::state::wording;
use crate::trace::Side;
use crate::ui::erased::Derived;

/// What the rows of a column follow. These memos change less often than their sources, so a move of the pointer ends here and does not
/// reach every row.
#[derive(Clone, Copy)]
pub struct Column {
    /// The marked units.
    pub marked: Derived<Vec<usize>>,
    /// The pinned tokens.
    pub pinned: Derived<Vec<usize>>,
    /// The number of rows, and the row at which the second text starts.
    pub extent: Derived<(usize, Option<usize>)>,
    /// The numbers beside the rows, as text; empty for a side without numbers.
    pub numbers: Derived<Vec<String>>,
    /// The estimated effect of the selected head at each row's tokens, −1 to 1; empty unless that is ranked under “Matters”.
    pub estimates: Derived<Vec<f32>>,
    /// Whether the numbers are means, since nothing is marked.
    pub is_idle: Derived<bool>,
}

impl Column {
    /// What the rows of one side of a figure follow.
    pub fn new(figure: Figure, side: Side) -> Self {
        let Figure { page, scene, received, .. } = figure;
        let numbers = move |received: &Received| {
            let is_difference = scene.with(|scene| scene.as_ref().is_some_and(Scene::is_difference));
            let words = if is_difference { wording::tight_change } else { wording::short_weight };
            received.weights.iter().map(|weight| words(*weight)).collect()
        };
        Self {
            marked: Derived::new(move || {
                scene.with(|scene| scene.as_ref().map(|scene| scene.marked(side).to_vec()).unwrap_or_default())
            }),
            pinned: page.memo(move |state| {
                let pinned = match side {
                    Side::Query => &state.selection.queries,
                    Side::Key => &state.selection.keys,
                };
                pinned.iter().copied().collect()
            }),
            extent: Derived::new(move || {
                scene.with(|scene| {
                    let Some(scene) = scene else { return (0, None) };
                    (scene.rows(side).len(), scene.units.side(side).second_start)
                })
            }),
            numbers: Derived::new(move || {
                received.with(|received| {
                    received.as_ref().filter(|received| received.side == side).map(numbers).unwrap_or_default()
                })
            }),
            estimates: {
                let of_tokens = page.memo(move |state| match side {
                    Side::Query => state.estimated_tokens(),
                    Side::Key => Vec::new(),
                });
                Derived::new(move || {
                    scene.with(|scene| of_tokens.with(|all| by_row(scene.as_ref()?, all))).unwrap_or_default()
                })
            },
            is_idle: Derived::new(move || {
                received.with(|received| received.as_ref().is_some_and(|received| received.is_mean))
            }),
        }
    }
}

/// Adds up what belongs to each row's tokens, as shares of the largest.
fn by_row(scene: &Scene, estimates: &[f32]) -> Option<Vec<f32>> {
    if estimates.is_empty() {
        return None;
    }
    let sum =
        |unit: &usize| estimates.get(scene.units.tokens(Side::Query, *unit)).map_or(0.0, |all| all.iter().sum::<f32>());
    let sums: Vec<f32> = scene.rows(Side::Query).iter().map(sum).collect();
    let largest = sums.iter().map(|sum| sum.abs()).fold(f32::MIN_POSITIVE, f32::max);
    Some(sums.iter().map(|sum| sum / largest).collect())
}
