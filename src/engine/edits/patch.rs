//! What `patch` edits take from other inputs: which activations, and their values once they are read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bind::Binder;
use crate::edit::{Edit, EditKind, InvalidEdit, PatchFrom};
use crate::trace::{Hook, Lengths, Spec, Stack};

/// Values of other inputs, by where they come from and their hook.
#[derive(Clone, Debug, Default)]
pub struct PatchValues {
    values: BTreeMap<(String, Hook), Arc<[f32]>>,
}

impl PatchValues {
    /// Keeps the values of a hook, in the hook's shape.
    pub fn insert(&mut self, from: &PatchFrom, hook: Hook, values: Vec<f32>) {
        self.values.insert((from.to_string(), hook), values.into());
    }

    /// Adds the values of another set.
    pub fn extend(&mut self, other: Self) {
        self.values.extend(other.values);
    }

    /// The values of a hook, where they are kept.
    pub(in crate::engine) fn get(&self, from: &PatchFrom, hook: Hook) -> Option<Arc<[f32]>> {
        self.values.get(&(from.to_string(), hook)).cloned()
    }
}

/// Which activations the patches among `edits` take from which inputs, one entry per input. `spec` is the whole model's. Edits
/// that are switched off or do not fit are left out; binding says what is wrong with them.
pub fn patches(edits: &[Edit], spec: &Spec, stack: Option<Stack>, lengths: Lengths) -> Vec<(PatchFrom, Vec<Hook>)> {
    let mut wanted: Vec<(PatchFrom, Vec<Hook>)> = Vec::new();
    for edit in edits.iter().filter(|edit| edit.on) {
        let EditKind::Patch { layer, hook, from, .. } = &edit.kind else { continue };
        let binder = Binder::new(spec, stack, lengths, edit);
        let Ok(hooks) = binder.acts_in(edit, stack).and_then(|acts| match acts {
            true => binder.hooks(layer.as_ref(), hook),
            false => Ok(Vec::new()),
        }) else {
            continue;
        };
        let index = wanted.iter().position(|(known, _)| known == from).unwrap_or_else(|| {
            wanted.push((from.clone(), Vec::new()));
            wanted.len() - 1
        });
        let known = &mut wanted[index].1;
        known.extend(hooks.into_iter().filter(|hook| !known.contains(hook)).collect::<Vec<_>>());
    }
    wanted.retain(|(_, hooks)| !hooks.is_empty());
    wanted
}

/// Says that values are not those of an input of equal length.
pub(super) fn unequal(hook: Hook, shape: &[usize], n_found: usize) -> InvalidEdit {
    let n_expected: usize = shape.iter().product();
    InvalidEdit(format!(
        "patch: {hook} of this input has shape {shape:?} ({n_expected} numbers), the other input's {n_found} numbers: \
         both inputs must have the same number of tokens"
    ))
}
