//! Predictions and outcomes of A and B in one: from one worker that holds both, or from two.

use crate::protocol::{ComparedOutcome, ComparedToken};
use crate::state::editing::Compared;

/// The ids of all tokens that some part lists, each once.
pub(super) fn ids(parts: &[Compared]) -> Vec<u32> {
    let mut ids = Vec::new();
    for token in parts.iter().flat_map(|part| &part.tokens) {
        if !ids.contains(&token.id) {
            ids.push(token.id);
        }
    }
    ids
}

/// Whether every part lists all of these tokens.
pub(super) fn all_list(parts: &[Compared], ids: &[u32]) -> bool {
    parts.iter().all(|part| ids.iter().all(|id| part.tokens.iter().any(|token| token.id == *id)))
}

/// The parts as one, probabilities and outcomes of A before those of B. A token that some part does not list is left out.
pub(super) fn merged(parts: Vec<Compared>) -> Option<Compared> {
    let ids = ids(&parts);
    let mut parts = parts.into_iter();
    let mut all = parts.next()?;
    for other in parts {
        let find = |tokens: &[ComparedToken], id: u32| tokens.iter().find(|token| token.id == id).cloned();
        let token = |&id: &u32| {
            let (first, second) = (find(&all.tokens, id)?, find(&other.tokens, id)?);
            Some(ComparedToken { probs: [first.probs, second.probs].concat(), ..first })
        };
        let tokens = ids.iter().filter_map(token).collect();
        let outcome = match (all.outcome, other.outcome) {
            (Some(Ok(mut first)), Some(Ok(second))) => {
                first.values.extend(second.values);
                Some(Ok::<ComparedOutcome, String>(first))
            }
            (first, second) => first.filter(Result::is_err).or(second.filter(Result::is_err)),
        };
        all = Compared { tokens, outcome, ..all };
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::OutcomeNumbers;

    fn compared(tokens: &[(u32, f32)], value: f32) -> Compared {
        let token = |&(id, prob): &(u32, f32)| ComparedToken { id, token: id.to_string(), probs: vec![prob] };
        let outcome =
            ComparedOutcome { tokens: None, ids: Vec::new(), values: vec![OutcomeNumbers { value, probs: None }] };
        Compared { position: 3, tokens: tokens.iter().map(token).collect(), outcome: Some(Ok(outcome)) }
    }

    #[test]
    fn the_numbers_of_two_workers_stand_side_by_side() {
        let parts = vec![compared(&[(7, 0.5), (8, 0.25)], 1.0), compared(&[(8, 0.75), (7, 0.125)], -1.0)];
        assert!(all_list(&parts, &ids(&parts)) && !all_list(&parts, &[7, 9]));
        let merged = merged(parts).unwrap();
        let probs: Vec<(u32, Vec<f32>)> = merged.tokens.into_iter().map(|token| (token.id, token.probs)).collect();
        assert_eq!(probs, [(7, vec![0.5, 0.125]), (8, vec![0.25, 0.75])]);
        let values: Vec<f32> = merged.outcome.unwrap().unwrap().values.iter().map(|value| value.value).collect();
        assert_eq!(values, [1.0, -1.0]);
    }
}
