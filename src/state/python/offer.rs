//! Which numbers on screen a script can be of.

use super::{Computed, Library, Measure, Number, script};
use crate::protocol::TokenRead;
use crate::state::catalogue::ModelLocation;
use crate::state::editing::Against;
use crate::state::stream::numbers::Component;
use crate::state::{State, Variant};
use crate::trace::Spec;

/// Formats of weights whose numbers both libraries compute with.
const PLAIN: [&str; 3] = ["F32", "F16", "BF16"];

impl State {
    /// A script of the outcome: of the original, of each edit that was measured alone, and of all edits together.
    ///
    /// # Errors
    /// One sentence that says why there is no script.
    pub fn outcome_script(&self, library: Library) -> Result<String, String> {
        let mut computed = self.computed()?;
        let editing = &self.editing;
        for (place, listed) in editing.acting().enumerate().filter(|_| editing.acting().count() > 1) {
            if let Some(alone) = editing.outcome_alone(listed.id) {
                let name = format!("edit {} alone", place + 1);
                computed.numbers.push(Number::of_outcome(&name, vec![listed.edit.clone()], alone.value));
            }
        }
        if let (Against::Edits, Some(edited)) = (&editing.against, editing.outcome_b()) {
            let edits = editing.acting().map(|listed| listed.edit.clone()).collect();
            computed.numbers.push(Number::of_outcome("with the edits", edits, edited.value));
        }
        script(library, &computed)
    }

    /// A script of the sweep's strongest cell.
    ///
    /// # Errors
    /// One sentence that says why there is no script.
    pub fn sweep_script(&self, library: Library) -> Result<String, String> {
        let no_sweep = || "There is no sweep of this text.".to_owned();
        let sweep = self.editing.sweep.as_ref().filter(|sweep| sweep.is_done).ok_or_else(no_sweep)?;
        if !sweep.applies() {
            return Err("The cells of this sweep are edits of another text.".to_owned());
        }
        let edits = sweep.edits.clone().filter(|_| sweep.outcome == self.editing.asked);
        let edits =
            edits.ok_or("This sweep is of another text or outcome. Sweep the original or the edited result again.")?;
        let mut computed = self.computed()?;
        let base = sweep.base.ok_or_else(no_sweep)?.value;
        let measured = sweep.cells.values().filter_map(|cell| Some((cell, cell.outcome?.value)));
        let (cell, value) = measured
            .max_by(|one, other| (one.1 - base).abs().total_cmp(&(other.1 - base).abs()))
            .ok_or_else(no_sweep)?;
        let column = if sweep.is_by_position() { "token" } else { "head" };
        let name = format!("the strongest cell, layer {}, {column} {}", cell.layer, cell.column);
        let with_cell = edits.iter().chain([&cell.edit]).cloned().collect();
        computed.numbers = vec![
            Number::of_outcome("without the sweep's edits", edits, base),
            Number::of_outcome(&name, with_cell, value),
        ];
        script(library, &computed)
    }

    /// A script of the head with the largest direct effect, in the result on screen.
    ///
    /// # Errors
    /// One sentence that says why there is no script.
    pub fn direct_script(&self, library: Library) -> Result<String, String> {
        let numbers = self.stream.direct.value().ok_or("The direct effects have not been measured yet.")?;
        let mut computed = self.computed()?;
        let edits = match (self.editing.variant, &self.editing.against) {
            (Variant::A, _) | (Variant::B, Against::Edits) => self.edits_on_screen(),
            _ => return Err("Show the original or the edited result to get its script.".to_owned()),
        };
        let heads = numbers.components().into_iter().filter_map(|(component, value)| match component {
            Component::Head(layer, head) => Some((layer, head, value)),
            _ => None,
        });
        let largest = heads.max_by(|one, other| one.2.abs().total_cmp(&other.2.abs()));
        let (layer, head, value) = largest.ok_or("This model has no heads.")?;
        let token = |read: &TokenRead| read.token.clone();
        computed.answer = numbers.answers.first().map(token).unwrap_or_default();
        computed.others = numbers.others.iter().map(token).collect();
        computed.position = numbers.position;
        computed.numbers = vec![
            Number::of_outcome("outcome", edits.clone(), numbers.outcome()),
            Number {
                name: format!("direct effect of L{layer}H{head}, the largest"),
                edits,
                value,
                measure: Measure::Direct { layer, head },
            },
        ];
        script(library, &computed)
    }

    /// The original's outcome, as a script computes it.
    fn computed(&self) -> Result<Computed, String> {
        let shown = self.result(Variant::A).filter(|shown| !shown.is_trace);
        let shown = shown.ok_or("Run the text in the model to get its script.")?;
        let compared = self.editing.compared.value().ok_or("The outcome has not been measured yet.")?;
        let outcome = compared.outcome.as_ref().ok_or("Choose an outcome first.")?.as_ref().map_err(Clone::clone)?;
        let (answer, others) =
            outcome.tokens.clone().ok_or("Scripts follow the logits of tokens; this outcome is another one.")?;
        let original = outcome.values.first().ok_or("The outcome has not been measured yet.")?;
        if let Some(format) = shown.origin.model.quantisation.as_deref().filter(|format| !PLAIN.contains(format)) {
            return Err(format!(
                "This page computes with weights in {format}, which neither library does. Run the same model in F32, F16 or BF16."
            ));
        }
        let entry = self.models.iter().find(|entry| entry.name == shown.model_name);
        let checkpoint = match entry.map(|entry| &entry.location) {
            Some(ModelLocation::Hub { repo, .. }) => repo.path(),
            _ => shown.origin.model.name.clone(),
        };
        let spec: Spec = shown.spec.clone();
        Ok(Computed {
            checkpoint,
            spec,
            ids: shown.info.tokens.ids.clone(),
            answer,
            others,
            position: compared.position,
            numbers: vec![Number::of_outcome("original", Vec::new(), original.value)],
        })
    }
}
