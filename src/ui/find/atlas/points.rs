//! Heads as points: by two scores, or by likeness.

use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;

use super::groups::GroupLegend;
use super::likeness_note::LikenessNote;
use super::{Shown, number};
use crate::analysis::atlas::Likeness;
use crate::state::find::atlas::score_name;
use crate::state::find::{AtlasView, OpenAtlas};
use crate::state::wording::{count, head_name};
use crate::ui::erased::{Derived, view};
use crate::ui::small::cell_table::{tab_index, tab_stop};
use crate::ui::small::focus::focus_child;

/// A head.
#[derive(Clone, PartialEq)]
struct Point {
    head: usize,
    at: [f64; 2],
    group: usize,
}

/// All heads that have both numbers, and what the axes are.
#[derive(Clone, PartialEq)]
struct Plot {
    points: Vec<Point>,
    axes: [String; 2],
    n_heads: usize,
    n_missing: usize,
}

/// The plot: one tab stop, with arrow keys to the next head along an axis; Enter chooses one.
#[component]
pub fn HeadPoints(shown: Shown) -> impl IntoView {
    let page = shown.page;
    let asked = page.memo(|state| (state.find.atlas.view, state.find.atlas.axes.clone()));
    let plot = Derived::new(move || {
        let (view, axes) = asked.get();
        plot(&*shown.atlas.get()?, shown.likeness.get().as_deref(), view, &axes)
    });
    let chosen = shown.head;
    let (field, reached) = (NodeRef::<Div>::new(), RwSignal::new(0));
    let on_key = move |event: KeyboardEvent| {
        let (axis, is_up) = match event.key().as_str() {
            "ArrowRight" => (0, true),
            "ArrowLeft" => (0, false),
            "ArrowUp" => (1, true),
            "ArrowDown" => (1, false),
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        let to = plot.get_untracked().and_then(|plot| {
            let at = tab_stop(reached.get_untracked(), plot.points.len());
            beside(&plot.points, at, axis, is_up)
        });
        if let Some(to) = to {
            reached.set(to);
            focus_child(field, to);
        }
    };
    let drawn = move || {
        let Plot { points, axes, n_heads, n_missing } = plot.get()?;
        let ends = [0, 1].map(|axis| ends(&points, axis));
        let share = move |axis: usize, value: f64| (value - ends[axis].0) / (ends[axis].1 - ends[axis].0) * 100.0;
        let names = axes.clone();
        let n_points = points.len();
        let point = move |(index, point): (usize, Point)| {
            let Point { head, at, group } = point;
            let [x, y] = at.map(number);
            let name = head_name(head / n_heads, head % n_heads);
            let label = format!("{name}: {} {x}, {} {y}, group {}", names[0], names[1], group + 1);
            view! {
                <button
                    type="button"
                    class="point"
                    class:chosen=move || chosen.get() == Some(head)
                    aria-pressed=move || (chosen.get() == Some(head)).to_string()
                    aria-label=label.clone()
                    title=label
                    tabindex=move || tab_index(reached, index, n_points)
                    style:--across=format!("{:.2}%", share(0, at[0]))
                    style:--upwards=format!("{:.2}%", share(1, at[1]))
                    style:--group=group.to_string()
                    on:focus=move |_| reached.set(index)
                    on:click=move |_| shown.pick(head)
                ></button>
            }
        };
        let label = format!("Heads by {} and {}", axes[0], axes[1]);
        let [(left, right), (low, high)] = ends.map(|(low, high)| (number(low), number(high)));
        Some(view! {
            <div class="atlas-plot">
                <div class="upwards"><span>{high}</span><span>{axes[1].clone()}" ↑"</span><span>{low}</span></div>
                <div class="points" role="group" aria-label=label node_ref=field on:keydown=on_key>
                    {points.into_iter().enumerate().map(point).collect_view()}
                </div>
                <div class="across"><span>{left}</span><span>{axes[0].clone()}" →"</span><span>{right}</span></div>
            </div>
            {(n_missing > 0).then(|| view! { <p class="hint">{format!("{} without one of the two.", count(n_missing, "head"))}</p> })}
        })
    };
    view! {
        {move || drawn().map_or_else(|| view! { <p class="hint">"This atlas has no heads with both measures."</p> }, |drawn| view! { {drawn} })}
        <GroupLegend shown />
        <LikenessNote shown />
    }
}

fn plot(atlas: &OpenAtlas, likeness: Option<&Likeness>, view: AtlasView, ids: &[String; 2]) -> Option<Plot> {
    let file = &atlas.file;
    let columns: [Vec<f64>; 2] = match view {
        AtlasView::Likeness => {
            [0, 1].map(|axis| likeness.map(|found| found.points.iter().map(|at| at[axis]).collect()))
        }
        AtlasView::Scatter | AtlasView::Map => [0, 1].map(|axis| Some(file.means(file.score(&ids[axis])?))),
    }
    .map(Option::unwrap_or_default);
    let axes = match view {
        AtlasView::Likeness => {
            let shares = likeness.map(|found| found.shares).unwrap_or_default();
            [0, 1].map(|axis| format!("component {} ({:.0} % of variance)", axis + 1, 100.0 * shares[axis]))
        }
        AtlasView::Scatter | AtlasView::Map => [0, 1].map(|axis| score_name(&ids[axis])),
    };
    let both = columns[0].iter().zip(&columns[1]).enumerate();
    let points: Vec<Point> = both
        .filter(|(_, (x, y))| x.is_finite() && y.is_finite())
        .map(|(head, (x, y))| {
            let group = likeness.and_then(|found| found.groups.get(head)).copied().unwrap_or(0);
            Point { head, at: [*x, *y], group }
        })
        .collect();
    let n_missing = file.n_all_heads() - points.len();
    (!points.is_empty()).then_some(Plot { points, axes, n_heads: file.n_heads, n_missing })
}

/// The lowest and the highest value of an axis, which are never equal.
fn ends(points: &[Point], axis: usize) -> (f64, f64) {
    let values = || points.iter().map(|point| point.at[axis]);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    if high > low { (low, high) } else { (low - 0.5, high + 0.5) }
}

/// The next point along an axis; of equal ones in the order of heads.
fn beside(points: &[Point], at: usize, axis: usize, is_up: bool) -> Option<usize> {
    let order =
        |one: &usize, other: &usize| points[*one].at[axis].total_cmp(&points[*other].at[axis]).then(one.cmp(other));
    let (is_wanted, others) =
        (if is_up { std::cmp::Ordering::Greater } else { std::cmp::Ordering::Less }, 0..points.len());
    let further = others.filter(|other| at < points.len() && order(other, &at) == is_wanted);
    if is_up { further.min_by(order) } else { further.max_by(order) }
}
