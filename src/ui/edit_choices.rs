//! What can be changed where the selection is: heads, an edge, a row, a token, a neuron.

use leptos::prelude::*;

use super::page::Page;
use crate::edit::{Choice, Edit, EditKind};
use crate::state::editing::{EditEvent, edit_name};
use crate::state::{Event, State};

/// Factors that are offered first.
const STRENGTHEN: f32 = 4.0;

/// Buttons that add an edit, named for what they do.
#[component]
pub fn EditChoices(
    /// The page.
    page: Page,
) -> impl IntoView {
    let factor = RwSignal::new("2".to_owned());
    let choices = page.memo(Choices::of);
    let row = page.memo(painted_row);
    let neuron = page.memo(|state| state.selection.neuron);
    let add = move |kind: EditKind| page.dispatch(Event::Editing(EditEvent::Added(Box::new(edit(kind)))));
    let scale = move |_| {
        let number = factor.with_untracked(|text| text.trim().parse::<f32>().ok()).filter(|number| number.is_finite());
        if let Some(number) = number {
            page.peek(|state| scaling(state, number)).into_iter().for_each(add);
        }
    };
    let has_result = page.memo(|state| state.shown.as_ref().is_some_and(|shown| shown.live_run.is_some()));
    view! {
        <div class="edit-choices" role="group" aria-label="Add an edit" class:gone=move || !has_result.get()>
            <div class="buttons">
                {move || choices.get().0.into_iter().map(|(name, kind)| view! {
                    <button type="button" class="add" on:click=move |_| add(kind.clone())>{name}</button>
                }).collect_view()}
            </div>
            <div class="scaling">
                <label for="edit-factor">"Factor"</label>
                <input
                    id="edit-factor"
                    type="number"
                    step="any"
                    prop:value=move || factor.get()
                    on:input:target=move |event| factor.set(event.target().value())
                />
                <button type="button" class="add" on:click=scale>
                    {move || match neuron.get() {
                        Some(neuron) => format!("Scale query neuron {neuron}"),
                        None => "Scale the head's output".to_owned(),
                    }}
                </button>
            </div>
            {move || row.get().map(|row| view! { <PaintRow page row /> })}
        </div>
    }
}

/// The edits on offer with their names.
#[derive(Clone, PartialEq, Default)]
struct Choices(Vec<(String, EditKind)>);

impl Choices {
    fn of(state: &State) -> Self {
        let Some(shown) = &state.shown else { return Self::default() };
        let selection = &state.selection;
        let layer = Choice::One(selection.layer);
        let mut kinds = Vec::new();
        if let Some(head) = heads(state) {
            kinds.push(EditKind::ZeroHead { layer: layer.clone(), head: head.clone() });
            kinds.push(EditKind::PositionMeanHead { layer: layer.clone(), head: head.clone() });
            kinds.push(EditKind::UniformPattern { layer: layer.clone(), head: head.clone() });
            if let (Some(query), Some(key)) = (some(&selection.queries), some(&selection.keys)) {
                kinds.push(EditKind::KnockOutEdge { layer: layer.clone(), head, query, key });
            }
        }
        kinds.extend(strengthened(state));
        if let Some(key) = some(&selection.keys) {
            kinds.push(EditKind::BlockToken { layer: layer.clone(), key: key.clone() });
            kinds.push(EditKind::BlockToken { layer: Choice::All, key: key.clone() });
            kinds.push(EditKind::ZeroValue { layer, key });
        }
        let named = |kind: EditKind| {
            let name = match &kind {
                EditKind::SetPatternRow { .. } => {
                    format!("Strengthen × {STRENGTHEN}: {}", edit_name(&edit(kind.clone()), &shown.labels))
                }
                _ => edit_name(&edit(kind.clone()), &shown.labels),
            };
            (name, kind)
        };
        Self(kinds.into_iter().map(named).collect())
    }
}

fn edit(kind: EditKind) -> Edit {
    Edit { kind, on: true, stack: None, attn: None }
}

/// The selected heads; nothing where none is.
fn heads(state: &State) -> Option<Choice> {
    let n_heads = state.shown.as_ref()?.spec.n_heads;
    let heads = &state.selection.heads;
    if heads.len() == n_heads && n_heads > 1 { Some(Choice::All) } else { some(heads) }
}

fn some(chosen: &std::collections::BTreeSet<usize>) -> Option<Choice> {
    match chosen.iter().copied().collect::<Vec<_>>().as_slice() {
        [] => None,
        [one] => Some(Choice::One(*one)),
        list => Some(Choice::List(list.to_vec())),
    }
}

fn only(chosen: &std::collections::BTreeSet<usize>) -> Option<usize> {
    chosen.first().copied().filter(|_| chosen.len() == 1)
}

fn scaling(state: &State, factor: f32) -> Option<EditKind> {
    let (layer, head) = (Choice::One(state.selection.layer), heads(state)?);
    Some(match state.selection.neuron {
        Some(neuron) => EditKind::ScaleQNeuron { layer, head, neuron: Choice::One(neuron), factor },
        None => EditKind::Scale {
            layer: Some(layer),
            hook: "attn.hook_z".to_owned(),
            head: Some(head),
            neuron: None,
            query: None,
            factor,
        },
    })
}

/// A row of the pattern on screen: one head, one query.
#[derive(Clone, PartialEq)]
pub struct PatternRow {
    layer: usize,
    head: usize,
    query: usize,
    weights: Vec<f32>,
    names: Vec<String>,
    /// How many keys the query may see.
    n_seen: usize,
}

fn painted_row(state: &State) -> Option<PatternRow> {
    let shown = state.shown.as_ref()?;
    let drawn = shown.drawn.as_ref().filter(|drawn| drawn.layer == state.selection.layer)?;
    let (head, query) = (only(&state.selection.heads)?, only(&state.selection.queries)?);
    let start = (head * drawn.n_query + query) * drawn.n_key;
    let weights = drawn.values.get(start..start + drawn.n_key)?.to_vec();
    let n_seen = if shown.spec.is_causal() { query + 1 } else { drawn.n_key };
    let names = shown.labels.iter().map(|label| label.plain.clone()).collect();
    Some(PatternRow { layer: drawn.layer, head, query, weights, names, n_seen })
}

fn strengthened(state: &State) -> Option<EditKind> {
    let row = painted_row(state)?;
    let key = only(&state.selection.keys).filter(|key| *key < row.n_seen)?;
    let mut weights = row.weights.clone();
    // At least a trace of weight, so that there is something to strengthen.
    weights[key] = weights[key].max(0.01) * STRENGTHEN;
    Some(row.edit(weights))
}

impl PatternRow {
    fn edit(&self, weights: Vec<f32>) -> EditKind {
        let (layer, head, query) = (Choice::One(self.layer), Choice::One(self.head), Choice::One(self.query));
        EditKind::SetPatternRow { layer, head, query, weights }
    }
}

/// A weight for each key of one row; what is given is made to sum to 1.
#[component]
fn PaintRow(page: Page, row: PatternRow) -> impl IntoView {
    let painted = RwSignal::new(row.weights.clone());
    let title =
        format!("Paint the row of {} in L{}H{}", row.names[row.query.min(row.names.len() - 1)], row.layer, row.head);
    let inputs = (0..row.n_seen)
        .map(|key| {
            let name = row.names.get(key).cloned().unwrap_or_default();
            let value = row.weights[key];
            view! {
                <label>
                    <span class="name">{name}</span>
                    <input
                        type="range"
                        min="0"
                        max="1"
                        step="0.01"
                        prop:value=value.to_string()
                        on:input:target=move |event| {
                            let weight = event.target().value().parse().unwrap_or(0.0);
                            painted.update(|painted| painted[key] = weight);
                        }
                    />
                </label>
            }
        })
        .collect_view();
    let paint = move |_| {
        let kind = row.edit(painted.get_untracked());
        page.dispatch(Event::Editing(EditEvent::Added(Box::new(edit(kind)))));
    };
    view! {
        <details class="paint">
            <summary>{title}</summary>
            <div class="rows">{inputs}</div>
            <button type="button" class="add" on:click=paint>"Paint; the row is made to sum to 1"</button>
        </details>
    }
}
