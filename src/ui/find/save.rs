//! What is saved of the workbench: the set, the table of heads, the map, the numbers of each row.

use std::fmt::Write as _;

use crate::analysis::statistics::{HeadFound, heads_csv, six_places};
use crate::platform::download::save_bytes;
use crate::render::figure::{Caption, EffectsFigure, Preset, figure};
use crate::state::find::{LoadedSet, Search, Trials};

/// Saves the rows of a set.
pub fn save_lines(set: &LoadedSet) -> Result<(), String> {
    save_bytes(set.lines.as_bytes(), "application/x-ndjson", &format!("set-{}.jsonl", set.hash))
}

/// Saves a table of every head, as `headlight find` writes it.
pub fn save_heads(search: &Search) -> Result<(), String> {
    let csv = heads_csv(&search.heads(), search.n_heads);
    save_bytes(csv.as_bytes(), "text/csv;charset=utf-8", &name(search, "heads.csv"))
}

/// Saves the map as a figure.
pub fn save_map(search: &Search) -> Result<(), String> {
    let effects = map_values(search, &search.heads());
    let drawn = EffectsFigure {
        largest: largest(&effects),
        effects,
        columns: (0..search.n_heads).map(|head| head.to_string()).collect(),
        is_by_position: false,
        meaning: match search.form.is_area {
            true => format!("{} minus ½", search.form.meaning()),
            false => format!("Mean of {}", search.form.meaning()),
        },
    };
    let software = format!("Headlight {}", env!("CARGO_PKG_VERSION"));
    let fields = vec![
        ("Model", search.model.clone()),
        ("Set", format!("{}, {}", search.set.name, search.set.hash)),
        ("Measure", search.form.command()),
        ("Software", software.clone()),
    ];
    let text = format!("{} {software}.", search.statement().join(" "));
    let caption = Caption { title: format!("All heads: {}", search.form.meaning()), text, fields };
    save_bytes(figure(&drawn, Preset::Page, &caption).svg.as_bytes(), "image/svg+xml", &name(search, "map.svg"))
}

/// Saves the numbers of each row or pair for one head.
pub fn save_rows(search: &Search, head: usize) -> Result<(), String> {
    let mut csv = "row,other_row,value\n".to_owned();
    for unit in search.units() {
        let other = unit.other.map(|other| (other + 1).to_string()).unwrap_or_default();
        // Writing into a String cannot fail.
        let _ = writeln!(csv, "{},{other},{}", unit.row + 1, six_places(search.value(unit, head)));
    }
    let (layer, head) = search.place(head);
    save_bytes(csv.as_bytes(), "text/csv;charset=utf-8", &name(search, &format!("L{layer}H{head}-rows.csv")))
}

/// Saves recall, or what a mask does.
pub fn save_trials(trials: &Trials) -> Result<(), String> {
    let (csv, what) = match trials.mask.is_some() {
        true => (trials.mask_csv(), "mask"),
        false => (trials.recall_csv(), "recall"),
    };
    save_bytes(csv.as_bytes(), "text/csv;charset=utf-8", &format!("find-{}-{what}.csv", trials.set.hash))
}

/// How far each head is from the value that says nothing.
pub fn map_values(search: &Search, heads: &[HeadFound]) -> Vec<Option<f32>> {
    let from_middle = |value: f64| (!value.is_nan()).then(|| (value - search.middle()) as f32);
    heads.iter().map(|head| from_middle(head.estimate.value)).collect()
}

/// The largest distance from the middle.
pub fn largest(values: &[Option<f32>]) -> f32 {
    values.iter().flatten().map(|value| value.abs()).fold(0.0, f32::max)
}

fn name(search: &Search, what: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let measure: String = search.form.command().chars().map(plain).collect();
    format!("find-{}-{measure}-{what}", search.set.hash)
}
