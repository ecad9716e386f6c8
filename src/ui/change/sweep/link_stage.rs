//! Links that lead to the outcome as a graph over tokens and layers, in the place of the views.

use leptos::html::{Div, Section};
use leptos::prelude::*;

use super::files::StageFiles;
use crate::render::figure::{StreamCell, StreamFigure, StreamStep};
use crate::render::{StreamLayout, StreamScale};
use crate::state::matters::{LinkGraph, ListedPart};
use crate::state::{State, wording};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::bring::bring;
use crate::ui::small::problem::Problem;
use crate::ui::small::watched::element_size;

/// Height of the graph, and its width until that of the stage is known, CSS pixels.
const ROOM: (f32, f32) = (960.0, 720.0);

/// The graph, with what saves it.
#[component]
pub fn LinkStage(page: Page) -> impl IntoView {
    let graph = page.memo(|state| state.shows_link_graph().then(|| state.link_graph()).flatten());
    let n = page.memo(|state| state.matters.links.n);
    let title = page.memo(State::matters_title);
    let problem = RwSignal::new(None::<String>);
    let (stage, scroller) = (NodeRef::<Section>::new(), NodeRef::<Div>::new());
    bring(move || stage.try_get_untracked().flatten().map(Into::into));
    let (width, _) = element_size(scroller);
    let room = move || (if width.get() > 0.0 { width.get() as f32 } else { ROOM.0 }, ROOM.1);
    view! {
        <section class="sweep-stage" node_ref=stage tabindex="-1" aria-label="Graph of links">
            <div class="sweep-head">
                <h2>{move || title.get()}</h2>
                <span class="spring"></span>
                <StageFiles page problem />
            </div>
            {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            <div class="sweep-scroll link-graph" node_ref=scroller tabindex="0" role="region" aria-label="Graph">
                {move || graph.with(|graph| graph.as_ref().map(|graph| drawn(graph, n.get(), room())))}
            </div>
            <p class="hint">
                "From the outcome on top down: a line for each link, from the token that is read to the one above that reads it; upright \
                 lines are the stream. Blue: cutting the link raises the outcome; orange: it lowers it. The threshold is under “Matters”."
            </p>
        </section>
    }
}

/// The links that are in the graph, and the largest size among them.
fn chosen(graph: &LinkGraph, n: usize) -> (impl Iterator<Item = &ListedPart> + Clone, f32) {
    let links = graph.links.iter().take(n).map(|(listed, _)| listed);
    let largest = links.clone().map(|listed| listed.estimate.abs()).fold(f32::MIN_POSITIVE, f32::max);
    (links, largest)
}

fn drawn(graph: &LinkGraph, n: usize, room: (f32, f32)) -> AnyView {
    let layout = StreamLayout::fit(graph.n_layers + 1, graph.labels.len(), false, false, room);
    let middle = |row: usize, position: usize| {
        let (left, top) = layout.corner(layout.line(row), position, (0.0, 0.0));
        (left + layout.cell.0 / 2.0, top + layout.cell.1 / 2.0)
    };
    let (links, largest) = chosen(graph, n);
    let line = |listed: &ListedPart| {
        let (part, estimate) = (listed.part, listed.estimate);
        let (from, to) = (middle(part.layer, part.key), middle(part.layer + 1, part.position));
        let width = (6.0 * estimate.abs() / largest).max(0.75).to_string();
        let title = format!("{}: {}", listed.name, wording::short_change(estimate));
        let class = if estimate < 0.0 { "less" } else { "more" };
        view! {
            <line class=class x1=from.0 y1=from.1 x2=to.0 y2=to.1 stroke-width=width><title>{title}</title></line>
        }
    };
    let stream = |position: usize| {
        let ends = [0, graph.n_layers].map(|row| middle(row, position));
        let room = (layout.cell.0 / 8.0) as usize;
        let name: String = graph.labels[position].chars().take(room.max(2)).collect();
        view! {
            <line class="axis" x1=ends[0].0 y1=ends[0].1 x2=ends[1].0 y2=ends[1].1 />
            <text x=ends[0].0 y="14" text-anchor="middle">
                {name}<title>{format!("{} ({position})", graph.labels[position])}</title>
            </text>
        }
    };
    let row_name = |row: usize| {
        let (_, y) = middle(row, 0);
        let name = if row == graph.n_layers { "output".to_owned() } else { format!("L{row}") };
        view! { <text x=layout.label_width - 8.0 y=y dy="0.32em" text-anchor="end">{name}</text> }
    };
    let (width, height) = layout.size();
    let label =
        format!("{} over tokens and layers, from the outcome down", wording::count(links.clone().count(), "link"));
    view! {
        <svg width=width height=height viewBox=format!("0 0 {width} {height}") role="img" aria-label=label>
            {(0..graph.labels.len()).map(stream).collect_view()}
            {(0..=graph.n_layers).map(row_name).collect_view()}
            <g class="path-lines">{links.map(line).collect_view()}</g>
        </svg>
    }
    .into_any()
}

/// The graph as a figure.
pub fn link_figure(state: &State) -> Option<StreamFigure<'static>> {
    let graph = state.link_graph()?;
    let (links, largest) = chosen(&graph, state.matters.links.n);
    let step = |listed: &ListedPart| StreamStep {
        from: (graph.n_layers - listed.part.layer, listed.part.key),
        to: (graph.n_layers - listed.part.layer - 1, listed.part.position),
        amount: listed.estimate / largest,
    };
    let row_name = |line: usize| if line == 0 { "output".to_owned() } else { (graph.n_layers - line).to_string() };
    Some(StreamFigure {
        row_names: (0..=graph.n_layers).map(row_name).collect(),
        path: links.map(step).collect(),
        cell: &empty,
        scale: Some(StreamScale::Difference(largest)),
        ends: (wording::short_change(-largest), wording::short_change(largest)),
        meaning: "Links between tokens by the estimated effect of cutting them, those from which a way leads up to the outcome".to_owned(),
        labels: graph.labels.clone(),
    })
}

/// The graph has lines and nothing in the cells.
fn empty(_: usize, _: usize) -> StreamCell {
    StreamCell::default()
}
