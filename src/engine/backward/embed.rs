//! The reverse of the embedding (`run/embed`): from the stream that enters the first block to what is added up there.

use super::hooks::ReverseHooks;
use crate::analysis::attention::Tap;
use crate::engine::error::EngineError;
use crate::engine::hooks::Hooks;
use crate::engine::model::Model;
use crate::engine::run::embed::embedded;
use crate::trace::spec::Positions;
use crate::trace::{Hook, Tokens};

/// Takes the gradient by the stream entering the first block [pos, d_model], and by what stands beside it, back through every hook.
pub(super) fn embed_reverse(
    model: &Model,
    tokens: &Tokens,
    mut grad: Vec<f32>,
    mut beside: Vec<f32>,
    hooks: &mut Hooks<'_>,
    back: &mut ReverseHooks<'_>,
) -> Result<(), EngineError> {
    let (spec, rows) = (model.spec(), 0..tokens.len());
    if let Some(project) = model.embed_project.as_ref().filter(|_| spec.embed_norm) {
        grad = project.reverse(&grad);
    }
    // The sum again, for the norm and for the values of the hooks.
    let (sum, _) = embedded(model, tokens, 0, hooks)?;
    if let Some(norm) = &model.embed_norm {
        let mut full = model.norm(norm, &sum);
        hooks.rows(Hook::FullEmbed, rows.clone(), &mut full)?;
        back.rows(Hook::FullEmbed, &rows, &mut grad);
        model.norm_reverse(norm, &sum, &mut grad);
    }
    if model.token_type_embed.is_some() {
        back.rows(Hook::TokenTypeEmbed, &rows, &mut grad.clone());
    }
    match &spec.positions {
        Positions::Shortformer => back.rows(Hook::PosEmbed, &rows, &mut beside),
        _ if spec.has_pos_embed() => back.rows(Hook::PosEmbed, &rows, &mut grad.clone()),
        _ => {}
    }
    back.rows(Hook::Embed, &rows, &mut grad);
    Ok(())
}
