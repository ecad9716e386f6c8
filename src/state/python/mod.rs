//! "Copy as Python": scripts that compute numbers of the page again in another library, from the same checkpoint, and assert them.
//!
//! A script has three parts: the model and what was read, a function for each edit, and checks. Edits change activations in place by
//! TransformerLens's names and axes, in both libraries; only `run`, which brings these activations to them, is of one library.

mod direct;
mod edits;
mod offer;
mod place;
mod runs;

use serde_json::json;

use crate::edit::Edit;
use crate::trace::Spec;
use edits::EditCode;

/// A library in which a script runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// TransformerLens 4.
    TransformerLens,
    /// nnsight, around a model of transformers.
    Nnsight,
}

impl Library {
    /// Both, as they are offered.
    pub const EACH: [Library; 2] = [Library::TransformerLens, Library::Nnsight];

    /// Its name for readers.
    pub fn name(self) -> &'static str {
        match self {
            Library::TransformerLens => "TransformerLens 4",
            Library::Nnsight => "nnsight",
        }
    }
}

/// What a script computes again.
#[derive(Clone, Debug, PartialEq)]
pub struct Computed {
    /// The checkpoint: a name on the Hub, or of a folder.
    pub checkpoint: String,
    /// The structure of its model.
    pub spec: Spec,
    /// The token ids that were read.
    pub ids: Vec<u32>,
    /// The token whose logit counts, as the tokenizer writes it.
    pub answer: String,
    /// The tokens the mean of whose logits is subtracted.
    pub others: Vec<String>,
    /// After which token.
    pub position: usize,
    /// The numbers, at least one.
    pub numbers: Vec<Number>,
}

/// A number under some edits.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// What it is, for readers.
    pub name: String,
    /// What acts; edits that are switched off do not.
    pub edits: Vec<Edit>,
    /// The number.
    pub value: f32,
    /// What of the run it is.
    pub measure: Measure,
}

impl Number {
    /// The outcome under some edits.
    pub fn of_outcome(name: &str, edits: Vec<Edit>, value: f32) -> Self {
        Self { name: name.to_owned(), edits, value, measure: Measure::Outcome }
    }
}

/// What a number is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// The answer's logit minus the mean of the others'.
    #[default]
    Outcome,
    /// What a head writes towards that, directly.
    Direct {
        /// The head's layer.
        layer: usize,
        /// The head.
        head: usize,
    },
}

/// A script that computes the numbers and asserts them.
///
/// # Errors
/// One sentence that says what the library cannot do, or where Headlight does not know how.
pub fn script(library: Library, computed: &Computed) -> Result<String, String> {
    let spec = &computed.spec;
    runs::check(library, spec)?;
    let mut known: Vec<&Edit> = Vec::new();
    for edit in computed.numbers.iter().flat_map(|number| &number.edits).filter(|edit| edit.on) {
        if !known.contains(&edit) {
            known.push(edit);
        }
    }
    let mut code = EditCode::default();
    for (index, edit) in known.iter().enumerate() {
        code.add(index + 1, edit, spec, computed.ids.len())?;
    }
    let is_direct = |number: &Number| matches!(number.measure, Measure::Direct { .. });
    let has_direct = computed.numbers.iter().any(is_direct);
    let direct = if has_direct { direct::helper(spec, computed.position, &mut code.sites)? } else { String::new() };
    if let Some(site) = code.sites.iter().find(|site| !runs::reaches(library, spec, site)) {
        return Err(format!("{} has no way to change {site} of {}.", library.name(), spec.architecture));
    }
    let mut checks = String::new();
    for number in &computed.numbers {
        let acting = number.edits.iter().filter(|edit| edit.on);
        let mut names: Vec<String> = acting
            .filter_map(|edit| known.iter().position(|other| *other == edit))
            .map(|index| format!("edit_{}", index + 1))
            .collect();
        if code.needs_seen && !names.is_empty() {
            names.push("seen".to_owned());
        }
        let edits = names.join(", ");
        let found = match number.measure {
            Measure::Outcome => format!("outcome([{edits}])"),
            Measure::Direct { layer, head } => format!("direct_effect([{edits}], {layer}, {head})"),
        };
        checks.push_str(&format!("check({}, {found}, {:?})\n", json!(number.name), number.value));
    }
    let others = computed.others.iter().map(|other| json!(other).to_string()).collect::<Vec<_>>().join(", ");
    Ok(format!(
        "# Numbers of Headlight, computed again with {library} from the same checkpoint.\n\
         {imports}\n\n\
         MODEL = {model}  # a name on the Hub, or a folder\n\
         IDS = {ids:?}\n\
         {load}\n\
         {helpers}{run}\n\n\
         {edits}\
         ANSWER = tokenizer.convert_tokens_to_ids({answer})\n\
         OTHERS = [tokenizer.convert_tokens_to_ids(token) for token in [{others}]]\n\n\n\
         def outcome(edits):\n    \
             logits = run(IDS, by_hook(edits))[{position}]\n    \
             return (logits[ANSWER] - logits[OTHERS].mean()).item()\n\n\n\
         {direct}\
         def check(name, found, expected):\n    \
             print(f\"{{name}}: {{found:.4f}}, in Headlight {{expected:.4f}}\")\n    \
             assert abs(found - expected) < 2e-3, name\n\n\n\
         {checks}",
        library = library.name(),
        imports = runs::imports(library),
        model = json!(computed.checkpoint),
        ids = computed.ids,
        load = runs::load(library),
        helpers = HELPERS,
        run = runs::run(library, spec, &code.sites)?,
        edits = code.text(spec.n_layers),
        answer = json!(computed.answer),
        position = computed.position,
    ))
}

/// What every script has: the edits by their hooks, and an activation after some of them.
const HELPERS: &str = r#"

def by_hook(edits):
    found = {}
    for edit in edits:
        for hook in edit.hooks:
            found.setdefault(hook, []).append(edit)
    return found


def changed(value, edits, hook):
    value = value.clone()
    for edit in edits.get(hook, []):
        edit(value, hook)
    return value


"#;
