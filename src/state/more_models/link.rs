//! Links to models of the Hub: `model=owner/name@revision`, with `:LABEL` where there are several checkpoints.

use super::{Effect, Lookup, Repo, State};
use crate::state::RUNS_MODELS;

impl State {
    /// Looks up the model that a pending link names, where it is one of the Hub that is not on offer yet. Says whether the
    /// link waits for that.
    pub(in crate::state) fn look_up_linked(&mut self, effects: &mut Vec<Effect>) -> bool {
        if !RUNS_MODELS {
            return false;
        }
        let pending = self.linking.pending.as_ref().filter(|link| link.trace.is_none());
        let Some(id) = pending.and_then(|link| link.model.clone()) else { return false };
        if self.models.iter().any(|entry| entry.id == id) {
            return false;
        }
        let Some((repo, label)) = hub_model(&id) else { return false };
        if !matches!(&self.more.lookup, Lookup::Asking { repo: asked, .. } if asked.id() == repo) {
            self.more.repo = repo.to_owned();
            self.look_up(repo, label, effects);
        }
        true
    }
}

/// The repository that an id of a model names, and which of its checkpoints; nothing where it names none.
pub(in crate::state) fn hub_model(id: &str) -> Option<(&str, Option<String>)> {
    // Gap: a revision stays as it was typed, so a link to a branch follows the branch.
    let (repo, label) = match id.split_once(':') {
        Some((repo, label)) => (repo, Some(label.to_owned())),
        None => (id, None),
    };
    matches!(Repo::parse(repo), Ok(parsed) if id.starts_with(&parsed.id())).then_some((repo, label))
}
