//! `run` of a script: the logits of some ids while edits act, in one library.

use std::collections::BTreeSet;

use super::Library;
use crate::trace::Spec;

/// Whether a script can be written for a model at all.
///
/// # Errors
/// One sentence.
pub fn check(library: Library, spec: &Spec) -> Result<(), String> {
    let architecture = spec.architecture.as_str();
    if spec.encoder.is_some() {
        return Err("Scripts are written for models with one stack.".to_owned());
    }
    let is_known = match library {
        Library::TransformerLens => BRIDGED.contains(&architecture),
        Library::Nnsight => Names::find(spec).is_some(),
    };
    if is_known {
        return Ok(());
    }
    let known = match library {
        Library::TransformerLens => BRIDGED.join(", "),
        Library::Nnsight => format!("gpt2, {}", LLAMAS.join(", ")),
    };
    Err(format!("Scripts for {} are written for the models {known}; this one is {architecture}.", library.name()))
}

/// Models whose bridges give the numbers of Headlight, edited and not.
const BRIDGED: [&str; 5] = ["gpt2", "llama", "mistral", "qwen2", "qwen3"];

/// Models whose modules have the names of Llama's.
const LLAMAS: [&str; 4] = ["llama", "mistral", "qwen2", "qwen3"];

/// Sites that neither library lets an edit reach: a bridge's `hook_resid_mid` is what the second norm reads and not the stream, and no
/// module of transformers has the sum as its output.
const UNREACHED: [&str; 5] =
    ["hook_resid_mid", "attn.hook_result", "hook_token_type_embed", "hook_full_embed", "hook_normalized_resid_post"];

/// Whether an edit can change a site in a library.
pub fn reaches(library: Library, spec: &Spec, site: &str) -> bool {
    let is_reached = match library {
        Library::TransformerLens => true,
        Library::Nnsight => Names::find(spec).is_some_and(|names| names.site(site).is_some()),
    };
    is_reached && !UNREACHED.contains(&site)
}

/// The first lines.
pub fn imports(library: Library) -> &'static str {
    match library {
        Library::TransformerLens => {
            "import torch\nfrom safetensors.torch import load_file\nfrom transformer_lens.model_bridge import TransformerBridge\n\
             from transformers import AutoTokenizer"
        }
        Library::Nnsight => {
            "import nnsight\nimport torch\nfrom safetensors.torch import load_file\nfrom transformers import AutoModelForCausalLM, AutoTokenizer"
        }
    }
}

/// The model and the tokenizer.
pub fn load(library: Library) -> &'static str {
    match library {
        Library::TransformerLens => {
            // The bridge's own tokenizer puts a BOS token in front whatever the model's does.
            "model = TransformerBridge.boot_transformers(MODEL, dtype=torch.float32)\n\
             tokenizer = AutoTokenizer.from_pretrained(MODEL)"
        }
        Library::Nnsight => {
            "tokenizer = AutoTokenizer.from_pretrained(MODEL)\n\
             loaded = AutoModelForCausalLM.from_pretrained(MODEL, attn_implementation=\"eager\", dtype=torch.float32)\n\
             model = nnsight.LanguageModel(loaded, tokenizer=tokenizer)"
        }
    }
}

const LENS_RUN: &str = r#"def run(ids, edits):
    """Logits [pos, d_vocab]. Edits change activations, which have the batch as their first axis, in place."""
    hooks = [(name, lambda value, hook, name=name: changed(value, edits, name)) for name in edits]
    with torch.no_grad():
        return model.run_with_hooks(torch.tensor([ids]), fwd_hooks=hooks)[0]
"#;

/// The function `run`.
///
/// # Errors
/// One sentence: the modules of the model are not known.
pub fn run(library: Library, spec: &Spec, sites: &BTreeSet<String>) -> Result<String, String> {
    let names = match library {
        Library::TransformerLens => return Ok(LENS_RUN.to_owned()),
        Library::Nnsight => Names::find(spec).ok_or("The modules of this model are not known.")?,
    };
    let mut text = String::from(
        "def run(ids, edits):\n    \
         \"\"\"Logits [pos, d_vocab]. Edits change activations, which have the batch as their first axis, in place.\"\"\"\n    \
         with torch.no_grad(), model.trace(torch.tensor([ids])):\n",
    );
    for (site, code) in names.sites().filter(|(site, _)| sites.contains(*site) && is_before(site)) {
        text.push_str(&format!(
            "        if \"{site}\" in edits:\n{}",
            indented(&code.replace("HOOK", &format!("\"{site}\"")), 12)
        ));
    }
    if sites.iter().any(|site| !is_before(site) && site != FINAL) {
        text.push_str(&format!("        for layer, block in enumerate({}):\n", names.blocks));
        for (site, code) in
            names.sites().filter(|(site, _)| sites.contains(*site) && !is_before(site) && *site != FINAL)
        {
            let hook = format!("f\"blocks.{{layer}}.{site}\"");
            text.push_str(&format!(
                "            if (hook := {hook}) in edits:\n{}",
                indented(&code.replace("HOOK", "hook"), 16)
            ));
        }
    }
    if let Some(code) = names.site(FINAL).filter(|_| sites.contains(FINAL)) {
        text.push_str(&format!(
            "        if \"{FINAL}\" in edits:\n{}",
            indented(&code.replace("HOOK", &format!("\"{FINAL}\"")), 12)
        ));
    }
    text.push_str("        logits = nnsight.save(model.lm_head.output[0])\n    return logits\n");
    Ok(text)
}

const FINAL: &str = "ln_final.hook_out";

fn is_before(site: &str) -> bool {
    site == "hook_embed" || site == "hook_pos_embed"
}

fn indented(code: &str, n_spaces: usize) -> String {
    code.lines().map(|line| format!("{}{line}\n", " ".repeat(n_spaces))).collect()
}

/// Where transformers' modules keep the activations of a family.
struct Names {
    embed: &'static str,
    pos_embed: Option<&'static str>,
    blocks: &'static str,
    attn: &'static str,
    /// The projections of queries, keys and values, where each is a module.
    projections: Option<[&'static str; 3]>,
    output: &'static str,
    mlp_pre: &'static str,
    mlp_pre_linear: Option<&'static str>,
    mlp_post: &'static str,
    final_norm: &'static str,
    n_heads: [usize; 2],
}

impl Names {
    fn find(spec: &Spec) -> Option<Self> {
        let n_heads = [spec.n_heads, spec.n_key_value_heads];
        match spec.architecture.as_str() {
            "gpt2" => Some(Self {
                embed: "model.transformer.wte.output",
                pos_embed: Some("model.transformer.wpe.output"),
                blocks: "model.transformer.h",
                attn: "block.attn",
                projections: None,
                output: "block.attn.c_proj.input",
                mlp_pre: "block.mlp.c_fc.output",
                mlp_pre_linear: None,
                mlp_post: "block.mlp.c_proj.input",
                final_norm: "model.transformer.ln_f.output",
                n_heads,
            }),
            name if LLAMAS.contains(&name) => Some(Self {
                embed: "model.model.embed_tokens.output",
                pos_embed: None,
                blocks: "model.model.layers",
                attn: "block.self_attn",
                projections: Some([
                    "block.self_attn.q_proj.output",
                    "block.self_attn.k_proj.output",
                    "block.self_attn.v_proj.output",
                ]),
                output: "block.self_attn.o_proj.input",
                mlp_pre: "block.mlp.gate_proj.output",
                mlp_pre_linear: Some("block.mlp.up_proj.output"),
                mlp_post: "block.mlp.down_proj.input",
                final_norm: "model.model.norm.output",
                n_heads,
            }),
            _ => None,
        }
    }

    /// Each site that is known with the statements that change it, in the order in which a run passes through them. `HOOK` stands for
    /// the name.
    fn sites(&self) -> impl Iterator<Item = (&'static str, String)> {
        let whole = |place: &str| format!("{place} = changed({place}, edits, HOOK)");
        let heads = |place: &str, n_heads: usize| {
            format!("{place} = changed({place}.unflatten(-1, ({n_heads}, -1)), edits, HOOK).flatten(-2)")
        };
        let attn = self.attn;
        // As they enter the product; heads stand before positions there.
        let entering = |index: usize| {
            format!(
                "call = {attn}.source.attention_interface_1\n\
                 given, named = call.inputs\n\
                 value = changed(given[{index}].transpose(1, 2), edits, HOOK).transpose(1, 2)\n\
                 call.inputs = ((*given[:{index}], value, *given[{}:]), named)",
                index + 1
            )
        };
        let softmax = format!("{attn}.source.attention_interface_1.source.nn_functional_softmax_0");
        let scores = format!(
            "softmax = {softmax}\n\
             (scores, *rest), named = softmax.inputs\n\
             softmax.inputs = ((changed(scores, edits, HOOK), *rest), named)"
        );
        let pattern = format!("softmax = {softmax}\nsoftmax.output = changed(softmax.output, edits, HOOK)");
        let attn_out = format!("out, weights = {attn}.output\n{attn}.output = (changed(out, edits, HOOK), weights)");
        let [q, k, v] = match self.projections {
            None => [1, 2, 3].map(|index| (entering(index), None)),
            Some([q, k, v]) => [
                (heads(q, self.n_heads[0]), Some(entering(1))),
                (heads(k, self.n_heads[1]), Some(entering(2))),
                (heads(v, self.n_heads[1]), None),
            ],
        };
        let all = [
            ("hook_embed", Some(whole(self.embed))),
            ("hook_pos_embed", self.pos_embed.map(whole)),
            ("hook_resid_pre", Some(whole("block.input"))),
            ("attn.hook_q", Some(q.0)),
            ("attn.hook_k", Some(k.0)),
            ("attn.hook_v", Some(v.0)),
            ("attn.hook_rot_q", q.1),
            ("attn.hook_rot_k", k.1),
            ("attn.hook_attn_scores", Some(scores)),
            ("attn.hook_pattern", Some(pattern)),
            ("attn.hook_z", Some(heads(self.output, self.n_heads[0]))),
            ("hook_attn_out", Some(attn_out)),
            ("mlp.hook_pre", Some(whole(self.mlp_pre))),
            ("mlp.hook_pre_linear", self.mlp_pre_linear.map(whole)),
            ("mlp.hook_post", Some(whole(self.mlp_post))),
            ("hook_mlp_out", Some(whole("block.mlp.output"))),
            ("hook_resid_post", Some(whole("block.output"))),
            (FINAL, Some(whole(self.final_norm))),
        ];
        all.into_iter().filter_map(|(site, code)| Some((site, code?)))
    }

    fn site(&self, name: &str) -> Option<String> {
        self.sites().find(|(site, _)| *site == name).map(|(_, code)| code)
    }
}
