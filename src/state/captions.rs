//! The caption of a figure: a title, sentences under it, and the same facts as named fields for programs.
//!
//! Everything that somebody needs to make the figure again: model, revision, quantisation, BOS, layer, heads, text, edits,
//! version. Unknown facts are left out.

use serde_json::Value;

use super::editing::Against;
use super::{SegmentFilter, Shown, State, Variant, View, wording};
use crate::edit::Edit;
use crate::protocol::{InputText, Quantity};
use crate::trace::{AttnKind, Side};

/// Digits of a digest that are enough to find it again.
const N_DIGITS: usize = 12;

/// Edits that are named one by one.
const MAX_EDITS: usize = 3;

/// Most fields of one that are named: no kind of edit has more.
const MAX_EDIT_FIELDS: usize = 12;

/// A caption as plain text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptionText {
    /// One line.
    pub title: String,
    /// Sentences.
    pub text: String,
    /// The same facts as named fields.
    pub fields: Vec<(&'static str, String)>,
}

impl State {
    /// The caption of a view of what is on screen; `link` is the address, where it says what is on screen.
    pub fn caption(&self, view: View, link: &str) -> Option<CaptionText> {
        let shown = self.shown.as_ref()?;
        let mut facts = Facts::default();
        self.model_facts(shown, &mut facts);
        self.place_facts(shown, view, &mut facts);
        self.input_facts(shown, &mut facts);
        self.comparison_facts(&mut facts);
        facts.add_edits(&self.acting_edits());
        let mut caption = facts.caption(self.title(shown, view));
        if !link.is_empty() && !self.linking.is_too_long {
            caption.fields.push(("Link", link.to_owned()));
        }
        Some(caption)
    }

    /// The caption of a map of estimates, or of their plot.
    pub fn matters_caption(&self) -> Option<CaptionText> {
        let mut facts = self.run_facts(self.shown.as_ref()?);
        facts.fields.push(("Outcome", self.outcome_name()));
        let from = self.matters.choice.from.as_ref();
        facts.fields.extend(from.map(|from| ("Patched from", from.clone())));
        facts.sentences.push(format!("Effects: {}.", self.matters_about()));
        facts.add_edits(&self.acting_edits());
        Some(facts.caption(self.matters_title()))
    }

    /// The caption of the map on the stage.
    pub fn sweep_caption(&self) -> Option<CaptionText> {
        if self.matters.is_on_stage {
            return self.matters_caption();
        }
        let (shown, sweep) = (self.shown.as_ref()?, self.editing.sweep.as_ref()?);
        let mut facts = self.run_facts(shown);
        let outcome = self.name_of_outcome(&sweep.outcome);
        facts.fields.push(("Outcome", outcome.clone()));
        let base = sweep.base.map(|base| format!(", {} without the edit of a cell", wording::short_weight(base.value)));
        facts.sentences.push(format!("Outcome: {outcome}{}.", base.unwrap_or_default()));
        // Those of its start: the list may have changed since.
        let edits: Vec<Value> = sweep.edits.iter().flatten().map(Edit::to_json).collect();
        facts.add_edits_named(&edits, ["No other edits.", "Edits in all cells"]);
        Some(facts.caption(sweep.title()))
    }

    /// The caption of the outcome as a sum at a position.
    pub fn sum_caption(&self, position: usize) -> Option<CaptionText> {
        let shown = self.shown.as_ref()?;
        let mut facts = self.run_facts(shown);
        let (outcome, labels) = (self.outcome_name(), shown.predicting().1);
        let token = labels.get(position).map(|label| label.plain.as_str()).unwrap_or_default();
        facts.fields.push(("Outcome", outcome.clone()));
        facts.fields.push(("Position", position.to_string()));
        facts.sentences.push(format!("Outcome: {outcome}, after token {position} (“{token}”)."));
        self.comparison_facts(&mut facts);
        facts.add_edits(&self.acting_edits());
        Some(facts.caption(self.title_on_screen(format!("{outcome} as a sum of direct effects"))))
    }

    fn title(&self, shown: &Shown, view: View) -> String {
        let (layer, heads) = (self.selection.layer, &self.selection.heads);
        let spec = shown.stack_spec();
        let quantity = self.quantity_of(view);
        let title = match view {
            View::Model if quantity.is_layer_wide() => format!("All {} layers", spec.n_layers),
            View::Head if quantity.is_layer_wide() => format!("Layer {layer}"),
            View::Model => format!("All heads: {} layers × {}", spec.n_layers, spec.n_heads),
            View::Head if heads.len() == 1 => format!("Layer {layer}, head {}", self.selection.head()),
            View::Head if heads.len() == spec.n_heads => format!("Layer {layer}, all {} heads", heads.len()),
            View::Head => format!("Layer {layer}, heads {}", list(heads)),
            View::Find => "All heads over a set of texts".to_owned(),
            View::Stream => {
                let number = self.scales.stream.number;
                let name = number.label().to_ascii_lowercase();
                let is_of_labels = self.lens_has_labels() && number.needs_lens();
                format!("Stream: {}", if is_of_labels { name.replace("token", "label") } else { name })
            }
            View::Neuron => {
                let query = self.query_looked_into().and_then(|query| shown.labels(Side::Query).get(query));
                let query = query.map(|label| format!(": what “{}” reads", label.plain)).unwrap_or_default();
                format!("Layer {layer}, head {}{query}", self.selection.head())
            }
        };
        let title = match quantity {
            Quantity::Weights => title,
            other => format!("{title}, {}", other.label()),
        };
        self.title_on_screen(wording::of_kind(shown.kind, &title))
    }

    /// A title that says whether the numbers are changes.
    fn title_on_screen(&self, title: String) -> String {
        if self.editing.variant == Variant::Difference { format!("Change: {title}") } else { title }
    }

    /// What a view draws between queries and keys.
    pub(super) fn quantity_of(&self, view: View) -> Quantity {
        match view {
            View::Head => self.drawn_quantity(),
            View::Model => self.mapped_quantity(),
            View::Neuron | View::Stream | View::Find => Quantity::Weights,
        }
    }

    /// What the numbers are compared with, where they are changes.
    fn comparison(&self) -> Option<String> {
        if self.editing.variant != Variant::Difference {
            return None;
        }
        let other = match &self.editing.against {
            Against::Edits => "the edited result".to_owned(),
            Against::Text(text) => format!("the text “{}”", wording::brief(text).replace('\n', "” and “")),
            Against::Trace(file) => format!("the trace {}", wording::brief(file)),
            Against::Model(_) => {
                let name = self.result(Variant::B).map(|b| b.model_name.as_str());
                name.unwrap_or("the other model").to_owned()
            }
        };
        Some(format!("Change: {other} minus the original."))
    }

    fn comparison_facts(&self, facts: &mut Facts) {
        if let Some(comparison) = self.comparison() {
            facts.fields.push(("Compared", comparison.clone()));
            facts.sentences.push(comparison);
        }
    }

    /// The model, and what it read.
    fn run_facts(&self, shown: &Shown) -> Facts {
        let mut facts = Facts::default();
        self.model_facts(shown, &mut facts);
        self.input_facts(shown, &mut facts);
        facts
    }

    fn model_facts(&self, shown: &Shown, Facts { fields, sentences }: &mut Facts) {
        let model = &shown.origin.model;
        let name = if model.name.is_empty() { &shown.model_name } else { &model.name };
        fields.push(("Model", name.clone()));
        let mut details = Vec::new();
        if let Some(revision) = &model.revision {
            fields.push(("Revision", revision.clone()));
            details.push(format!("revision {revision}"));
        }
        if let Some(sha256) = &model.sha256 {
            fields.push(("SHA-256 of the weights", sha256.clone()));
            if model.revision.is_none() {
                details.push(format!("weights {}", sha256.get(..N_DIGITS).unwrap_or(sha256)));
            }
        }
        if let Some(quantisation) = &model.quantisation {
            fields.push(("Quantisation", quantisation.clone()));
            details.push(quantisation.clone());
        }
        if let Some(has_bos) = shown.origin.has_bos {
            let bos = if has_bos { "with BOS" } else { "without BOS" };
            fields.push(("BOS", bos.to_owned()));
            details.push(bos.to_owned());
        }
        let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
        sentences.push(format!("{name}{details}."));
    }

    fn place_facts(&self, shown: &Shown, view: View, Facts { fields, sentences }: &mut Facts) {
        if shown.kind != AttnKind::ONLY {
            fields.push(("Attention", shown.kind.label().to_owned()));
            sentences.push(format!("Attention: {}.", shown.kind.label().to_ascii_lowercase()));
        }
        let quantity = self.quantity_of(view);
        if quantity != Quantity::Weights {
            fields.push(("Drawn", quantity.label().to_owned()));
            sentences.push(format!("Drawn: {}.", quantity.label()));
        }
        if matches!(view, View::Model | View::Stream | View::Find) {
            return;
        }
        if quantity.is_layer_wide() {
            fields.push(("Layer", self.selection.layer.to_string()));
            sentences.push(format!("Layer {}, all heads together.", self.selection.layer));
            return;
        }
        let (layer, heads) = (self.selection.layer, &self.selection.heads);
        let is_all = heads.len() == shown.stack_spec().n_heads && heads.len() > 1;
        let heads = match view {
            View::Neuron => self.selection.head().to_string(),
            _ if is_all => "all".to_owned(),
            _ => list(heads),
        };
        fields.push(("Layer", layer.to_string()));
        fields.push(("Head", heads.clone()));
        let noun = if heads.contains(',') || heads == "all" { "heads" } else { "head" };
        sentences.push(format!("Layer {layer}, {noun} {heads}."));
    }

    fn input_facts(&self, shown: &Shown, Facts { fields, sentences }: &mut Facts) {
        let n_tokens = shown.info.tokens.len();
        let written = if self.editing.written.is_empty() { "" } else { ", and what the model generated" };
        match &shown.input.text {
            InputText::Single(text) if !text.is_empty() => {
                fields.push(("Text", text.clone()));
                sentences.push(format!("Text: “{}”{written}.", wording::brief(text)));
            }
            InputText::Pair(text, pair) => {
                fields.extend([("Text", text.clone()), ("Second text", pair.clone())]);
                sentences.push(format!("Texts: “{}” and “{}”.", wording::brief(text), wording::brief(pair)));
            }
            InputText::RandomBlock { n_tokens, seed } => {
                fields.push(("Text", format!("{n_tokens} random tokens twice, seed {seed}")));
                sentences.push(format!("A block of {n_tokens} random tokens, twice (seed {seed})."));
            }
            InputText::Chat(chat) => {
                let each = chat.messages.iter().map(|message| format!("{}: {}", message.role, message.content));
                let messages = each.collect::<Vec<_>>().join(" / ");
                sentences.push(format!("Conversation: “{}”{written}.", wording::brief(&messages)));
                fields.push(("Conversation", messages));
            }
            InputText::Single(_) | InputText::Ids(_) => {
                let ids: Vec<String> = shown.info.tokens.ids.iter().map(u32::to_string).collect();
                fields.push(("Token ids", ids.join(",")));
                sentences.push(format!("{} given as ids.", wording::count(n_tokens, "token")));
            }
        }
        if let Some(target) = &shown.target {
            let read: String = target.read.iter().map(|label| label.plain.as_str()).collect::<Vec<_>>().join(" ");
            sentences.push(format!("Target, token by token: {}.", wording::brief(&read)));
            fields.push(("Target", read));
        }
        fields.push(("Tokens", n_tokens.to_string()));
        if self.options.segment != SegmentFilter::All {
            let segment = self.options.segment.label();
            fields.push(("Part", segment.to_owned()));
            sentences.push(format!("Only {segment} of the two texts, not renormalised."));
        }
        let display = &self.options.display;
        let left_out = match (display.leaves_out_special, display.leaves_out_first) {
            (true, true) => "special tokens and the first position",
            (true, false) => "special tokens",
            (false, true) => "the first position",
            (false, false) => return,
        };
        fields.push(("Left out", left_out.to_owned()));
        sentences.push(format!("Without {left_out}, not renormalised."));
    }
}

/// What a caption says: sentences, and the same facts as fields.
#[derive(Default)]
struct Facts {
    fields: Vec<(&'static str, String)>,
    sentences: Vec<String>,
}

impl Facts {
    fn add_edits(&mut self, edits: &[Value]) {
        self.add_edits_named(edits, ["No edits.", "Edits"]);
    }

    /// Edits with what is said of none, and with the name of a list.
    fn add_edits_named(&mut self, edits: &[Value], names: [&str; 2]) {
        self.sentences.push(edit_sentence(edits, names));
        self.fields.push(("Edits", serde_json::to_string(edits).unwrap_or_default()));
    }

    /// The caption with this title, which ends with the program and its version.
    fn caption(mut self, title: String) -> CaptionText {
        let software = format!("Headlight {}", env!("CARGO_PKG_VERSION"));
        self.sentences.push(format!("{software}."));
        self.fields.push(("Software", software));
        CaptionText { title, text: self.sentences.join(" "), fields: self.fields }
    }
}

fn list(numbers: impl IntoIterator<Item = impl ToString>) -> String {
    numbers.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
}

fn edit_sentence(edits: &[Value], [none, name]: [&str; 2]) -> String {
    if edits.is_empty() {
        return none.to_owned();
    }
    let named: Vec<String> = edits.iter().take(MAX_EDITS).map(edit_words).collect();
    let more = match edits.len().saturating_sub(MAX_EDITS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{name}: {}{more}.", named.join("; "))
}

/// "zero_head, layer 3, head 1"
fn edit_words(edit: &Value) -> String {
    let Some(fields) = edit.as_object() else { return wording::shortened(&edit.to_string()) };
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let kind = fields.get("kind").map(word).map(|kind| wording::shortened(&kind)).unwrap_or_default();
    let others = fields.iter().filter(|(name, _)| !["kind", "on"].contains(&name.as_str()));
    let others = others.take(MAX_EDIT_FIELDS);
    let others =
        others.map(|(name, value)| format!(", {} {}", wording::shortened(name), wording::shortened(&word(value))));
    others.fold(kind, |text, other| text + &other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_in_words() {
        let edits =
            |json: &str| edit_sentence(&serde_json::from_str::<Vec<Value>>(json).unwrap(), ["No edits.", "Edits"]);
        assert_eq!(edits("[]"), "No edits.");
        let one = r#"{"kind":"zero_head","layer":3,"head":1,"on":true}"#;
        assert_eq!(edits(&format!("[{one}]")), "Edits: zero_head, head 1, layer 3.");
        assert!(edits(&format!("[{one},{one},{one},{one},{one}]")).ends_with("and 2 more."));
        let long = "é".repeat(1 << 20);
        let fields = (0..50).map(|at| format!(r#""{at}{long}":"{long}""#)).collect::<Vec<_>>().join(",");
        let huge = edits(&format!(r#"[{{"kind":"{long}",{fields}}},"{long}"]"#));
        assert!(huge.chars().count() < 1_000, "{huge}");
    }
}
