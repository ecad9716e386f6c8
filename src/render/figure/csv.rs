//! The numbers behind a figure as CSV (RFC 4180): a header line, then one line per number or row.

use std::fmt::Write;

use super::{HeadFigure, MapCell, MapFigure, NeuronFigure, StreamFigure};
use crate::trace::display::TokenLabel;

/// A field, in quotes where it needs them. Text that a spreadsheet would read as a formula gets a quote mark in front.
fn field(text: &str) -> String {
    // Direction isolates are for the screen only.
    let text: String = text.chars().filter(|letter| !('\u{2066}'..='\u{2069}').contains(letter)).collect();
    let is_number = serde_json::from_str::<f64>(&text).is_ok();
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number { format!("'{text}") } else { text };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn label(labels: &[TokenLabel], unit: usize) -> String {
    field(labels.get(unit).map_or("", |label| label.plain.as_str()))
}

fn optional(number: Option<f32>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// What a column of weights is called, or of what stands in their place, or of their changes.
fn column(number: &str, is_change: bool) -> String {
    match (is_change, number) {
        (false, _) => number.to_owned(),
        (true, "weight") => "change".to_owned(),
        (true, _) => format!("{number}_change"),
    }
}

/// A layer's or a head's place in a line: a picture of the whole layer has no head.
fn place_of(layer: usize, head: usize, is_layer_wide: bool) -> String {
    if is_layer_wide { layer.to_string() } else { format!("{layer},{head}") }
}

/// Every weight that the head view shows: head, query, key. What the mask hides has no weight.
pub fn head(figure: &HeadFigure<'_>) -> String {
    let HeadFigure { view, query_labels, key_labels, layer, number, .. } = figure;
    let is_layer_wide = figure.whole_layer.is_some();
    let head_column = if is_layer_wide { "" } else { ",head" };
    let number = column(number, view.contrast.is_some());
    let mut csv = format!("layer{head_column},query,query_token,key,key_token,{number}\r\n");
    for &head in view.heads {
        let place = place_of(*layer, head, is_layer_wide);
        for &query in view.queries {
            let query_label = label(query_labels, query);
            for &key in view.keys {
                let weight = (figure.sees)(query, key).then(|| view.patterns.weight(head, query, key));
                let (key_label, weight) = (label(key_labels, key), optional(weight));
                let _ = write!(csv, "{place},{query},{query_label},{key},{key_label},{weight}\r\n");
            }
        }
    }
    csv
}

/// Effects of a sweep: a line for each cell with layer, column, the column's token (empty for heads) and the effect.
pub fn effects(is_by_position: bool, rows: impl IntoIterator<Item = (usize, usize, String, Option<f32>)>) -> String {
    let mut csv = if is_by_position { "layer,position,token,effect\r\n" } else { "layer,head,effect\r\n" }.to_owned();
    for (layer, column, token, effect) in rows {
        let token = if is_by_position { format!("{},", field(&token)) } else { String::new() };
        let _ = write!(csv, "{layer},{column},{token}{}\r\n", optional(effect));
    }
    csv
}

/// Every cell of the stream view: what is written in it, and its number.
pub fn stream(figure: &StreamFigure<'_>) -> String {
    let mut csv = "row,position,token,cell,number\r\n".to_owned();
    for (line, name) in figure.row_names.iter().enumerate() {
        for (position, token) in figure.labels.iter().enumerate() {
            let cell = (figure.cell)(line, position);
            let (token, text, number) = (field(token), field(&cell.text), optional(cell.value));
            let _ = write!(csv, "{name},{position},{token},{text},{number}\r\n");
        }
    }
    csv
}

/// Every cell of every thumbnail with its tokens, or the number of every head. Where a cell stands for several tokens, their first
/// position is given.
pub fn map(figure: &MapFigure<'_>) -> String {
    let mut csv = String::new();
    let is_change = figure.contrast.is_some();
    let [rows, columns] = &figure.tokens;
    let place = |tokens: &[(usize, String)], at: usize| match tokens.get(at) {
        Some((position, token)) => format!("{position},{}", field(token)),
        None => format!("{at},"),
    };
    for &(layer, head) in figure.rows.iter().flatten() {
        match (figure.cell)((layer, head)) {
            Some(MapCell::Heat(cells, _, n_columns) | MapCell::Lines(cells, _, n_columns)) => {
                if csv.is_empty() {
                    let head_column = if figure.is_layer_wide { "" } else { ",head" };
                    let number = column(figure.number, is_change);
                    let _ = write!(csv, "layer{head_column},query,query_token,key,key_token,{number}\r\n");
                }
                for (index, weight) in cells.iter().enumerate() {
                    let (row, column) = (index / n_columns.max(1), index % n_columns.max(1));
                    let (query, key) = (place(rows, row), place(columns, column));
                    let picture = place_of(layer, head, figure.is_layer_wide);
                    let _ = write!(csv, "{picture},{query},{key},{weight}\r\n");
                }
            }
            Some(MapCell::Number(value)) => {
                if csv.is_empty() {
                    csv.push_str(if is_change { "layer,head,change\r\n" } else { "layer,head,number\r\n" });
                }
                let _ = write!(csv, "{layer},{head},{}\r\n", optional(value.map(|(value, _)| value)));
            }
            None => {}
        }
    }
    csv
}

/// The query's neurons, then each key's neurons, products, score and weight.
pub fn neurons(figure: &NeuronFigure<'_>) -> String {
    let d_head = figure.products.d_head;
    let names: String = (0..d_head).map(|neuron| format!(",n{neuron}")).collect();
    let mut csv = format!("row,position,token,dot,score,weight,weight_times_value{names}\r\n");
    let numbers = |values: &[f32]| values.iter().map(|value| format!(",{value}")).collect::<String>();
    let query = figure.products.query_neurons(figure.query);
    let _ =
        write!(csv, "query,{},{},,,,{}\r\n", figure.query, label(figure.query_labels, figure.query), numbers(&query));
    for row in &figure.rows {
        let masked =
            row.score.map(|score| if score == f32::NEG_INFINITY { "-inf".to_owned() } else { score.to_string() });
        let _ = write!(
            csv,
            "key,{},{},{},{},{},{}{}\r\n",
            row.key,
            label(figure.key_labels, row.key),
            optional(row.dot),
            masked.unwrap_or_default(),
            optional(row.weight),
            optional(row.value),
            numbers(&figure.products.key_neurons(row.key))
        );
    }
    csv
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_survive_readers_and_spreadsheets() {
        let table = [
            ("cat", "cat"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "'=1+1"),
            ("-", "'-"),
            ("-0.5", "-0.5"),
            ("\u{2068}שלום\u{2069}", "שלום"),
        ];
        for (text, expected) in table {
            assert_eq!(field(text), expected);
        }
    }
}
