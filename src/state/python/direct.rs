//! The direct effect of a head in a script: what it writes into the stream, read as the final norm and the unembedding read it.

use std::collections::BTreeSet;

use crate::analysis::inside::direct::refusal;
use crate::trace::spec::NormKind;
use crate::trace::{BlockSite, Spec};

/// The function `direct_effect`, and the sites that it needs.
///
/// # Errors
/// One sentence that says why a head has no direct effect, or that a script would measure another one.
pub fn helper(spec: &Spec, position: usize, sites: &mut BTreeSet<String>) -> Result<String, String> {
    if let Some(reason) = refusal(spec) {
        return Err(format!("There is no such script: {reason}."));
    }
    let [z, out, stream] = [BlockSite::Z, BlockSite::AttnOut, BlockSite::ResidPost].map(BlockSite::name);
    if sites.contains(out) {
        return Err(
            "An edit changes what attention adds, from which a script would read what the head writes.".to_owned()
        );
    }
    sites.extend([z, out, stream].map(str::to_owned));
    let norm = match spec.architecture.as_str() {
        "gpt2" => "transformer.ln_f.weight",
        _ => "model.norm.weight",
    };
    let centre = match spec.norm {
        NormKind::LayerNorm => "\n    written, stream = written - written.mean(), stream - stream.mean()",
        _ => "",
    };
    Ok(format!(
        "from transformers import AutoModelForCausalLM  # noqa: E402\n\n\
         weights = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32)\n\
         W_U = weights.get_output_embeddings().weight.detach()\n\
         GAMMA = weights.get_parameter(\"{norm}\").detach()\n\n\n\
         def direct_effect(edits, layer, head):\n    \
             \"\"\"What the head writes towards the answer, with the scale of the final norm held as it is.\"\"\"\n    \
             kept = {{}}\n    \
             out, last = f\"blocks.{{layer}}.{out}\", \"blocks.{last_layer}.{stream}\"\n\n    \
             def keep(value, hook):\n        \
                 kept[hook] = value[0, {position}].clone()\n\n    \
             def without(value, hook):\n        \
                 value[:, :, head] = 0\n\n    \
             keep.hooks, without.hooks = [out, last], [f\"blocks.{{layer}}.{z}\"]\n    \
             run(IDS, by_hook([*edits, keep]))\n    \
             written, stream = kept[out], kept[last]\n    \
             run(IDS, by_hook([*edits, without, keep]))\n    \
             written = written - kept[out]{centre}\n    \
             sigma = (stream.pow(2).mean() + {eps:?}).sqrt()\n    \
             return (written * GAMMA / sigma @ (W_U[ANSWER] - W_U[OTHERS].mean(0))).item()\n\n\n",
        last_layer = spec.n_layers - 1,
        eps = spec.norm_eps,
    ))
}
