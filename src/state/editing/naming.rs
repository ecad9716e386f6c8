//! Plain names of edits, with the tokens they are about.

use crate::edit::{Choice, Edit, EditKind, PatchFrom, SetValue};
use crate::trace::display::TokenLabel;
use crate::trace::numeral::with_minus;
use crate::trace::shorten;

/// "Zero L23H3", "Cut “Mary” → “to” in L23H3", …; `labels`: the tokens that read and those that are read, by position.
pub fn edit_name(edit: &Edit, labels: (&[TokenLabel], &[TokenLabel])) -> String {
    // What an edit quotes may have any length: a list of heads, a text, the name of a hook.
    shorten::name(&whole_name(edit, labels))
}

fn whole_name(edit: &Edit, (queries, keys): (&[TokenLabel], &[TokenLabel])) -> String {
    let named = |labels: &[TokenLabel], choice: &Choice| match choice {
        Choice::One(index) => match labels.get(*index) {
            Some(label) => format!("“{}” ({index})", label.plain.trim()),
            None => format!("token {index}"),
        },
        Choice::All => "every token".to_owned(),
        other => format!("tokens {}", indices(other)),
    };
    let (token, key_token) = (|choice: &Choice| named(queries, choice), |choice: &Choice| named(keys, choice));
    let at = |query: &Option<Choice>| query.as_ref().map_or_else(String::new, |query| format!(" at {}", token(query)));
    let neuron_of = |neuron: &Option<Choice>| {
        neuron.as_ref().map_or_else(String::new, |neuron| format!(" neuron {}", indices(neuron)))
    };
    let hook_at = |layer: &Option<Choice>, hook: &str, head: &Option<Choice>| {
        let short = match hook.trim_start_matches("attn.").trim_start_matches("mlp.") {
            "hook_z" => "output",
            other => other,
        };
        match (layer, head) {
            (Some(layer), Some(head)) => format!("{short} of {}", heads(layer, head)),
            (Some(layer), None) => format!("{short} of {}", layers(layer)),
            (None, _) => short.to_owned(),
        }
    };
    match &edit.kind {
        EditKind::ZeroHead { layer, head } => format!("Zero {}", heads(layer, head)),
        EditKind::PositionMeanHead { layer, head } => format!("Mean-ablate {}", heads(layer, head)),
        EditKind::KnockOutEdge { layer, head, query, key } => {
            format!("Cut {} → {} in {}", token(query), key_token(key), heads(layer, head))
        }
        EditKind::UniformPattern { layer, head } => format!("Uniform pattern of {}", heads(layer, head)),
        EditKind::SetPatternRow { layer, head, query, .. } => {
            format!("Painted row of {} in {}", token(query), heads(layer, head))
        }
        EditKind::ZeroValue { layer, key } => format!("Zero value of {} in {}", key_token(key), layers(layer)),
        EditKind::KnockOutExpert { layer, expert, query } => {
            format!("Remove expert {} of {} for {}", indices(expert), layers(layer), token(query))
        }
        EditKind::BlockToken { layer, key } => format!("Block {} in {}", key_token(key), layers(layer)),
        EditKind::Scale { layer, hook, head, neuron, query, factor } => {
            let part = hook_at(layer, hook, head) + &neuron_of(neuron);
            format!("Scale {part}{} × {}", at(query), number(*factor))
        }
        EditKind::ScaleQNeuron { layer, head, neuron, factor } => {
            format!("Scale query neuron {} of {} × {}", indices(neuron), heads(layer, head), number(*factor))
        }
        EditKind::Set { layer, hook, head, query, value, .. } => {
            let value = match value {
                SetValue::One(value) => number(*value),
                SetValue::Each(_) => "its mean over other texts".to_owned(),
            };
            format!("Set {}{} to {value}", hook_at(layer, hook, head), at(query))
        }
        EditKind::Add { layer, hook, query, factor, .. } => {
            format!("Add {} × a direction to {}{}", number(*factor), hook_at(layer, hook, &None), at(query))
        }
        EditKind::Patch { layer, hook, query, head, neuron, from } => {
            let from = match from {
                PatchFrom::Trace(file) => file.clone(),
                PatchFrom::Text(text, _) => format!("“{text}”"),
                PatchFrom::Ids(_) => "another run".to_owned(),
            };
            format!("Patch {}{}{} from {from}", hook_at(layer, hook, head), neuron_of(neuron), at(query))
        }
    }
}

fn number(factor: f32) -> String {
    with_minus(&factor.to_string())
}

fn indices(choice: &Choice) -> String {
    match choice {
        Choice::One(index) => index.to_string(),
        Choice::Range(from, to) => format!("{from}–{to}"),
        Choice::List(list) => list.iter().map(usize::to_string).collect::<Vec<_>>().join(", "),
        Choice::All => "all".to_owned(),
    }
}

fn layers(layer: &Choice) -> String {
    match layer {
        Choice::All => "all layers".to_owned(),
        Choice::One(layer) => format!("layer {layer}"),
        other => format!("layers {}", indices(other)),
    }
}

fn heads(layer: &Choice, head: &Choice) -> String {
    match (layer, head) {
        (Choice::One(layer), Choice::One(head)) => format!("L{layer}H{head}"),
        (layer, Choice::All) => format!("every head of {}", layers(layer)),
        (layer, Choice::One(head)) => format!("head {head} of {}", layers(layer)),
        (layer, head) => format!("heads {} of {}", indices(head), layers(layer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::parse_list;
    use crate::trace::TokenForm;
    use crate::trace::display::token_label;

    #[test]
    fn names_are_short_whatever_an_edit_quotes() {
        let list = (0..100_000).map(|index| index.to_string()).collect::<Vec<_>>().join(",");
        let long = "é".repeat(1 << 20);
        for json in [
            format!(r#"[{{"kind":"zero_head","layer":[{list}],"head":[{list}]}}]"#),
            format!(r#"[{{"kind":"scale","hook":"{long}","factor":2}}]"#),
            format!(r#"[{{"kind":"patch","layer":0,"hook":"hook_q","from":"{long}"}}]"#),
            format!(r#"[{{"kind":"patch","layer":0,"hook":"hook_q","from":{{"text":"{long}"}}}}]"#),
        ] {
            let edit = &parse_list(&json).unwrap()[0];
            let name = edit_name(edit, (&[], &[]));
            assert!(name.chars().count() <= 161 && name.ends_with('…'), "{name}");
        }
    }

    #[test]
    fn names_are_plain() {
        let labels = ["When", "ĠMary", "Ġto"].map(|token| token_label(token, TokenForm::ByteLevel));
        let cases = [
            (r#"{"kind":"zero_head","layer":23,"head":3}"#, "Zero L23H3"),
            (r#"{"kind":"zero_head","layer":"all","head":[1,2]}"#, "Zero heads 1, 2 of all layers"),
            (
                r#"{"kind":"knock_out_expert","layer":1,"expert":3,"query":"all"}"#,
                "Remove expert 3 of layer 1 for every token",
            ),
            (r#"{"kind":"knock_out_edge","layer":1,"head":0,"query":2,"key":9}"#, "Cut “to” (2) → token 9 in L1H0"),
            (r#"{"kind":"zero_value","layer":1,"key":[0,1]}"#, "Zero value of tokens 0, 1 in layer 1"),
            (r#"{"kind":"scale","layer":1,"hook":"attn.hook_z","head":2,"factor":0.5}"#, "Scale output of L1H2 × 0.5"),
            (
                r#"{"kind":"scale_q_neuron","layer":1,"head":2,"neuron":7,"factor":-2}"#,
                "Scale query neuron 7 of L1H2 × −2",
            ),
        ];
        for (json, expected) in cases {
            let edits = crate::edit::parse_list(&format!("[{json}]")).unwrap();
            let name = edit_name(&edits[0], (&labels, &labels));
            // The display decides how a space is shown.
            assert_eq!(name.replace(['·', ' '], ""), expected.replace(' ', ""), "{json}");
        }
    }
}
