//! Kinds of edit with fields: what the panel offers as one menu. Fields begin with what is selected.

use super::edit_name;
use super::offers::Target;
use crate::edit::{Choice, Edit, EditKind};
use crate::state::{Shown, State, Variant, wording};
use crate::trace::Side;
use crate::trace::display::TokenLabel;

/// A kind of edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The output of heads becomes 0.
    ZeroHeads,
    /// It becomes its mean over positions.
    MeanHeads,
    /// It is multiplied.
    ScaleHeads,
    /// Heads read every key alike.
    UniformPattern,
    /// A query no longer reads a key.
    CutLink,
    /// It reads the key more or less.
    ScaleLink,
    /// It reads the key with a certain weight.
    SetWeight,
    /// It reads every key alike.
    EvenRow,
    /// No other token reads a token.
    BlockToken,
    /// A token has nothing to be read.
    ZeroValue,
    /// A neuron of a head's queries is multiplied.
    ScaleNeuron,
    /// What MLPs write is multiplied.
    ScaleMlp,
}

/// A field of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Which heads: a [`HeadsAsked`].
    Heads,
    /// Which layers: this one or every one.
    Layers,
    /// The position that reads.
    Query,
    /// The position that is read.
    Key,
    /// A neuron below `d_head`.
    Neuron,
    /// What is multiplied with.
    Factor,
    /// A weight from 0 to 1.
    Weight,
}

/// Which heads an edit is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeadsAsked {
    /// Those that are selected.
    #[default]
    Selected,
    /// Every one of the selected layer.
    OfLayer,
    /// Every one of the model.
    All,
}

impl HeadsAsked {
    /// In the order in which they are offered.
    pub const EACH: [HeadsAsked; 3] = [HeadsAsked::Selected, HeadsAsked::OfLayer, HeadsAsked::All];
}

/// What the fields of all forms hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// Which heads.
    pub heads: HeadsAsked,
    /// Every layer instead of the selected one.
    pub is_every_layer: bool,
    /// The position that reads.
    pub query: Option<usize>,
    /// The position that is read.
    pub key: Option<usize>,
    /// The neuron.
    pub neuron: Option<usize>,
    /// The factor.
    pub factor: Option<f32>,
    /// The weight.
    pub weight: Option<f32>,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            heads: HeadsAsked::Selected,
            is_every_layer: false,
            query: None,
            key: None,
            neuron: None,
            factor: Some(2.0),
            weight: Some(0.0),
        }
    }
}

impl Form {
    /// In the order in which they are offered.
    pub const EACH: [Form; 12] = [
        Form::ZeroHeads,
        Form::MeanHeads,
        Form::ScaleHeads,
        Form::UniformPattern,
        Form::CutLink,
        Form::ScaleLink,
        Form::SetWeight,
        Form::EvenRow,
        Form::BlockToken,
        Form::ZeroValue,
        Form::ScaleNeuron,
        Form::ScaleMlp,
    ];

    /// Its name on the page.
    pub fn label(self) -> &'static str {
        match self {
            Form::ZeroHeads => "Zero heads",
            Form::MeanHeads => "Mean-ablate heads",
            Form::ScaleHeads => "Scale heads",
            Form::UniformPattern => "Uniform pattern",
            Form::CutLink => "Cut a link",
            Form::ScaleLink => "Strengthen or weaken a link",
            Form::SetWeight => "Set a weight",
            Form::EvenRow => "Even weights in a row",
            Form::BlockToken => "Block a token",
            Form::ZeroValue => "Zero a token’s value",
            Form::ScaleNeuron => "Scale a query neuron",
            Form::ScaleMlp => "Scale an MLP",
        }
    }

    /// What it does, in other words, which find it too.
    pub fn meaning(self) -> &'static str {
        match self {
            Form::ZeroHeads => "ablate: output becomes 0",
            Form::MeanHeads => "output becomes its mean over positions",
            Form::ScaleHeads => "multiply the output by a factor",
            Form::UniformPattern => "every key is read equally",
            Form::CutLink => "a query no longer reads a key",
            Form::ScaleLink => "multiply a weight; the row sums to 1 again",
            Form::SetWeight => "the other weights keep their proportions",
            Form::EvenRow => "one query reads every key equally",
            Form::BlockToken => "no other token reads it",
            Form::ZeroValue => "it is still read, but contributes nothing",
            Form::ScaleNeuron => "multiply a dimension of q by a factor",
            Form::ScaleMlp => "multiply its output by a factor; 0 ablates it",
        }
    }

    /// Its fields, in order.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Form::ZeroHeads | Form::MeanHeads | Form::UniformPattern => &[Field::Heads],
            Form::ScaleHeads => &[Field::Heads, Field::Factor],
            Form::CutLink => &[Field::Heads, Field::Query, Field::Key],
            Form::ScaleLink => &[Field::Query, Field::Key, Field::Factor],
            Form::SetWeight => &[Field::Query, Field::Key, Field::Weight],
            Form::EvenRow => &[Field::Query],
            Form::BlockToken | Form::ZeroValue => &[Field::Key, Field::Layers],
            Form::ScaleNeuron => &[Field::Neuron, Field::Factor],
            Form::ScaleMlp => &[Field::Layers, Field::Factor],
        }
    }
}

impl State {
    /// Fields with what is selected in them; the last token where none is.
    pub fn filled_fields(&self, fields: &Fields) -> Fields {
        let target = self.selected_target();
        let n_queries = self.shown.as_ref().map_or(0, |shown| shown.labels(Side::Query).len());
        let query = fields.query.or(target.query).or(n_queries.checked_sub(1));
        Fields {
            query,
            key: fields.key.or(target.key).or(query),
            neuron: fields.neuron.or(self.selection.neuron).or(Some(0)),
            ..fields.clone()
        }
    }

    /// The edits that a form makes of its fields, and their name.
    ///
    /// # Errors
    /// One sentence for the reader: which field does not fit, and what would.
    pub fn form_edits(&self, form: Form, fields: &Fields) -> Result<(Vec<Edit>, String), String> {
        let Some(a) = self.result(Variant::A) else { return Err("Run a text first.".to_owned()) };
        let fields = self.filled_fields(fields);
        let mut edits = Maker { state: self, a, target: self.selected_target(), fields: &fields }.make(form)?;
        edits.iter_mut().for_each(|edit| a.place(edit));
        let labels: (&[TokenLabel], &[TokenLabel]) = (a.labels(Side::Query), a.labels(Side::Key));
        let name = edits.first().map(|edit| edit_name(edit, labels)).unwrap_or_default();
        let more = match edits.len().saturating_sub(1) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Ok((edits, format!("{name}{more}")))
    }
}

/// Makes edits of fields.
struct Maker<'a> {
    state: &'a State,
    a: &'a Shown,
    target: Target,
    fields: &'a Fields,
}

impl Maker<'_> {
    fn make(&self, form: Form) -> Result<Vec<Edit>, String> {
        let (layer, head) = self.heads();
        let kind = match form {
            Form::ZeroHeads => EditKind::ZeroHead { layer, head },
            Form::MeanHeads => EditKind::PositionMeanHead { layer, head },
            Form::UniformPattern => EditKind::UniformPattern { layer, head },
            Form::ScaleHeads => self.scale("attn.hook_z", layer, Some(head))?,
            Form::ScaleMlp => self.scale("hook_mlp_out", self.layers(), None)?,
            Form::CutLink => {
                let (query, key) = (Choice::One(self.query()?), Choice::One(self.seen_key()?));
                EditKind::KnockOutEdge { layer, head, query, key }
            }
            Form::BlockToken => EditKind::BlockToken { layer: self.layers(), key: Choice::One(self.key()?) },
            Form::ZeroValue => EditKind::ZeroValue { layer: self.layers(), key: Choice::One(self.key()?) },
            Form::ScaleNeuron => {
                let (neuron, factor) = (Choice::One(self.neuron()?), self.factor()?);
                let head = Choice::One(self.target.heads.first().copied().unwrap_or(0));
                EditKind::ScaleQNeuron { layer: Choice::One(self.target.layer), head, neuron, factor }
            }
            Form::ScaleLink | Form::SetWeight | Form::EvenRow => return self.rows(form),
        };
        Ok(vec![Edit::new(kind)])
    }

    /// Edits of a pattern's row, one for each head: their rows are not alike.
    fn rows(&self, form: Form) -> Result<Vec<Edit>, String> {
        let query = self.query()?;
        let key = if form == Form::EvenRow { 0 } else { self.seen_key()? };
        let (factor, weight) = match form {
            Form::ScaleLink => (self.factor()?, 0.0),
            Form::SetWeight => (0.0, self.weight()?),
            _ => (0.0, 0.0),
        };
        if factor < 0.0 {
            return Err("A weight cannot be negative: choose a factor of 0 or more.".to_owned());
        }
        let edit = |&head: &usize| {
            let row = self.state.pattern_row(self.target.layer, head, query);
            let row = row.ok_or("The weights of this layer are still on their way.")?;
            let edit = match form {
                Form::ScaleLink => row.strengthened(key, factor),
                Form::SetWeight => row.with_weight(key, weight),
                _ => Some(row.evened()),
            };
            edit.ok_or("This query reads nothing else, so its weight stays 1.")
        };
        let edits: Result<Vec<Edit>, &str> = self.target.heads.iter().map(edit).collect();
        edits.map_err(str::to_owned)
    }

    fn heads(&self) -> (Choice, Choice) {
        let layer = Choice::One(self.target.layer);
        match self.fields.heads {
            HeadsAsked::Selected => (layer, self.state.head_choice(&self.target)),
            HeadsAsked::OfLayer => (layer, Choice::All),
            HeadsAsked::All => (Choice::All, Choice::All),
        }
    }

    fn layers(&self) -> Choice {
        if self.fields.is_every_layer { Choice::All } else { Choice::One(self.target.layer) }
    }

    fn scale(&self, hook: &str, layer: Choice, head: Option<Choice>) -> Result<EditKind, String> {
        let factor = self.factor()?;
        Ok(EditKind::Scale { layer: Some(layer), hook: hook.to_owned(), head, neuron: None, query: None, factor })
    }

    fn query(&self) -> Result<usize, String> {
        position(self.fields.query, self.a.labels(Side::Query).len(), "query")
    }

    fn key(&self) -> Result<usize, String> {
        position(self.fields.key, self.a.labels(Side::Key).len(), "key")
    }

    /// A key that the query can read.
    fn seen_key(&self) -> Result<usize, String> {
        let (query, key) = (self.query()?, self.key()?);
        match self.a.is_causal() && key > query {
            true => Err(format!("The key ({key}) comes after the query ({query}), which cannot read it.")),
            false => Ok(key),
        }
    }

    fn neuron(&self) -> Result<usize, String> {
        let d_head = self.a.stack_spec().d_head;
        let fits = self.fields.neuron.filter(|neuron| *neuron < d_head);
        fits.ok_or_else(|| format!("The neurons of a head are numbered from 0 to {}.", d_head.saturating_sub(1)))
    }

    fn factor(&self) -> Result<f32, String> {
        self.fields.factor.filter(|factor| factor.is_finite()).ok_or_else(|| "The factor must be a number.".to_owned())
    }

    fn weight(&self) -> Result<f32, String> {
        let fits = self.fields.weight.filter(|weight| (0.0..=1.0).contains(weight));
        fits.ok_or_else(|| "The weight must be a number from 0 to 1.".to_owned())
    }
}

fn position(wanted: Option<usize>, n_tokens: usize, what: &str) -> Result<usize, String> {
    let fits = wanted.filter(|wanted| *wanted < n_tokens);
    fits.ok_or_else(|| format!("The {what} must be a position from 0 to {}.", n_tokens.saturating_sub(1)))
}

impl State {
    /// What the heads of a choice are called: "L2H9", "every head of layer 2", "every head".
    pub fn heads_asked_name(&self, asked: HeadsAsked) -> String {
        let target = self.selected_target();
        match (asked, target.heads.as_slice()) {
            (HeadsAsked::All, _) => "every head".to_owned(),
            (HeadsAsked::OfLayer, _) => format!("every head of layer {}", target.layer),
            (HeadsAsked::Selected, [head]) => wording::head_name(target.layer, *head),
            (HeadsAsked::Selected, several) => format!("{} selected heads", several.len()),
        }
    }
}
