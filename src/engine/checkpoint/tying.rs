//! Word embedding and unembedding: one matrix or two, under whichever names the file has them.
//!
//! What a configuration ties is one matrix unless the file has two different ones, and it may stand under either name; an unembedding of
//! its own that the file lacks is not made up. A file saved from classes without a head predicts nothing, even where the configuration
//! ties the two, because nothing says that its embedding was trained to predict. (transformers predicts through it with
//! AutoModelForCausalLM.)

use super::{Architecture, Part, Slot};
use crate::trace::spec::Unembed;

impl Unembed {
    /// Returns this with an unembedding matrix of its own, or with the embedding's.
    pub(in crate::engine) fn with_tied(self, tied: bool) -> Self {
        match self {
            Unembed::None => Unembed::None,
            Unembed::Linear { .. } => Unembed::Linear { tied },
            Unembed::MaskedWord { .. } => Unembed::MaskedWord { tied },
        }
    }

    fn is_tied(self) -> bool {
        matches!(self, Unembed::Linear { tied: true } | Unembed::MaskedWord { tied: true })
    }
}

impl Architecture {
    /// Decides by what the file holds which matrix the embedding and the unembedding are. `classes` are those that saved it.
    pub(super) fn settle_unembedding(&mut self, classes: &[String], has_tensor: &dyn Fn(&str) -> bool) {
        let asked = self.spec.unembed;
        self.spec.unembed = asked.with_tied(false);
        let name = |slot: Slot| self.source(slot).map(|source| source.tensor);
        let (Some(embed), Some(head)) = (name(Slot::Embed), name(Slot::Unembed(Part::Weight))) else { return };
        let (has_embed, has_head) = (has_tensor(&embed), has_tensor(&head));
        // The matrix that an encoder and a decoder share is not a head by itself.
        let has_own = has_head && head != embed && !head.ends_with("shared.weight");
        let has_bias = name(Slot::Unembed(Part::Bias)).is_some_and(|bias| has_tensor(&bias));
        let is_linear = matches!(asked, Unembed::Linear { .. });
        if asked.is_tied() && is_linear && !has_own && !has_bias && !may_predict(classes) {
            self.notes.push(self.without_head(classes));
            self.spec.unembed = Unembed::None;
            return;
        }
        self.spec.unembed = match (asked.is_tied(), has_embed, has_head) {
            (true, true, true) if embed != head => {
                self.is_tied_if_equal = true;
                asked.with_tied(false)
            }
            (true, false, true) => {
                self.names.push((Slot::Embed, head));
                asked
            }
            (false, _, false) => {
                let what = "without an unembedding of its own the model predicts no tokens. A file saved from a class with a head, such \
                            as …ForCausalLM, has one";
                self.notes.push(format!("The file has no {head}: {what}."));
                Unembed::None
            }
            _ => asked,
        };
    }

    /// Returns this without a matrix for an unembedding that the configuration ties, for weights that come from no file.
    pub(in crate::engine) fn tied_as_configured(mut self) -> Self {
        if std::mem::take(&mut self.is_tied_if_equal) {
            self.spec.unembed = self.spec.unembed.with_tied(true);
        }
        self
    }

    /// Says why a file of these classes predicts nothing, and how one is made that does.
    fn without_head(&self, classes: &[String]) -> String {
        let class = classes.first().map_or("", String::as_str);
        let auto = if self.encoder.is_some() { "AutoModelForSeq2SeqLM" } else { "AutoModelForCausalLM" };
        format!(
            "The file was saved from {class}, which has no head that predicts tokens. To predict through the embedding, load it in \
             transformers with {auto} and save it again."
        )
    }
}

/// Whether one of the classes that saved a file predicts tokens. A file that names none may be of any class.
fn may_predict(classes: &[String]) -> bool {
    const HEADS: [&str; 7] = [
        "ForCausalLM",
        "LMHead",
        "ForMaskedLM",
        "ForConditionalGeneration",
        "MTModel",
        "ForPreTraining",
        "DoubleHeads",
    ];
    classes.is_empty() || classes.iter().any(|class| HEADS.iter().any(|head| class.contains(head)))
}

impl Architecture {
    /// A head that is tied to the embedding, under the first of these names that the file has, else the embedding's own.
    pub(super) fn with_tied_head(self, names: &[String], has_tensor: &dyn Fn(&str) -> bool) -> Self {
        match names.iter().find(|name| has_tensor(name)) {
            Some(name) => self.with_name(Slot::Unembed(Part::Weight), name.clone()),
            None => self,
        }
    }
}

/// The first of several names that a file has a tensor of, else the first.
pub(super) fn first_there(names: &[String], has_tensor: &dyn Fn(&str) -> bool) -> String {
    let found = names.iter().find(|name| has_tensor(name)).or(names.first());
    found.cloned().unwrap_or_default()
}
