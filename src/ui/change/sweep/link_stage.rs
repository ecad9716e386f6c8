//! Links that lead to the outcome as a graph over tokens and layers, in the place of the views.

use leptos::html::{Div, Section};
use leptos::prelude::*;

use super::files::StageFiles;
use crate::render::figure::{StreamCell, StreamFigure, StreamStep};
use crate::render::{StreamLayout, StreamScale};
use crate::state::matters::{GraphStack, LinkGraph, ListedPart};
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
    bring(move || stage.try_get_untracked().flatten());
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
                 lines are the stream. Of two stacks the decoder (D) stands above the encoder (E), whose end it reads. Blue: cutting the link raises the outcome; orange: it lowers it. The threshold is under “Matters”."
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
    let layout = StreamLayout::fit(graph.n_rows(), graph.n_columns(), false, false, room);
    let middle = |(row, position): (usize, usize)| {
        let (left, top) = layout.corner(layout.line(row), position, (0.0, 0.0));
        (left + layout.cell.0 / 2.0, top + layout.cell.1 / 2.0)
    };
    let (links, largest) = chosen(graph, n);
    let line = |listed: &ListedPart| {
        let [from, to] = graph.ends(&listed.part).map(middle);
        let width = (6.0 * listed.estimate.abs() / largest).max(0.75).to_string();
        let title = format!("{}: {}", listed.name, wording::short_change(listed.estimate));
        let class = if listed.estimate < 0.0 { "less" } else { "more" };
        view! {
            <line class=class x1=from.0 y1=from.1 x2=to.0 y2=to.1 stroke-width=width><title>{title}</title></line>
        }
    };
    let stream = |(base, stack): (usize, &GraphStack)| {
        let column = |(position, label): (usize, &String)| {
            let ends = [base, base + stack.n_layers].map(|row| middle((row, position)));
            let name: String = label.chars().take(((layout.cell.0 / 8.0) as usize).max(2)).collect();
            // Over the stack: on top, or in the row between two.
            let above = ends[1].1 - layout.cell.1 / 2.0 - 6.0;
            view! {
                <line class="axis" x1=ends[0].0 y1=ends[0].1 x2=ends[1].0 y2=ends[1].1 />
                <text x=ends[0].0 y=above text-anchor="middle">
                    {name}<title>{format!("{label} ({position})")}</title>
                </text>
            }
        };
        stack.labels.iter().enumerate().map(column).collect_view()
    };
    let row_name = |row: usize| {
        let (_, y) = middle((row, 0));
        view! { <text x=layout.label_width - 8.0 y=y dy="0.32em" text-anchor="end">{graph.row_name(row)}</text> }
    };
    let (width, height) = layout.size();
    let label =
        format!("{} over tokens and layers, from the outcome down", wording::count(links.clone().count(), "link"));
    view! {
        <svg width=width height=height viewBox=format!("0 0 {width} {height}") role="img" aria-label=label>
            {graph.bases().map(stream).collect_view()}
            {(0..graph.n_rows()).map(row_name).collect_view()}
            <g class="path-lines">{links.map(line).collect_view()}</g>
        </svg>
    }
    .into_any()
}

/// Makes the graph as a figure, and hands it on.
pub fn with_link_figure<T>(state: &State, made: impl FnOnce(&StreamFigure<'_>) -> Option<T>) -> Option<T> {
    let graph = state.link_graph()?;
    let (links, largest) = chosen(&graph, state.matters.links.n);
    let top = graph.n_rows() - 1;
    let step = |listed: &ListedPart| {
        let [from, to] = graph.ends(&listed.part).map(|(row, position)| (top - row, position));
        StreamStep { from, to, amount: listed.estimate / largest }
    };
    // The graph has lines and nothing in the cells, but for the encoder's tokens over its end.
    let cell = |line: usize, column: usize| StreamCell {
        text: graph.name_between(top - line, column).unwrap_or_default().to_owned(),
        value: None,
    };
    let mut labels = graph.stacks.last()?.labels.clone();
    labels.resize(graph.n_columns(), String::new());
    made(&StreamFigure {
        row_names: (0..=top).map(|line| graph.row_name(top - line)).collect(),
        path: links.map(step).collect(),
        cell: &cell,
        scale: Some(StreamScale::Difference(largest)),
        ends: (wording::short_change(-largest), wording::short_change(largest)),
        meaning: "Links between tokens by the estimated effect of cutting them, those from which a way leads up to the outcome".to_owned(),
        labels,
    })
}
