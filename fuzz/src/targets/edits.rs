//! Lists of edits: read, written again, bound to a small model, and run.

use headlight::edit;
use headlight::engine::{Captures, CompiledEdits, EngineError, Run};

use super::checkpoints::small;

/// A list of edits, as a file or a link has it.
pub fn run(data: &[u8]) {
    let Ok(json) = std::str::from_utf8(data) else { return };
    let edits = match edit::parse_list(json) {
        Ok(edits) => edits,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let written = edit::list_to_json(&edits);
    assert_eq!(edit::parse_list(&written).expect("what was written can be read"), edits);
    // Each edit costs time of its own: a list of thousands is slow by right.
    if edits.len() <= 16
        && let Err(error) = through(&edits)
    {
        assert!(!error.to_string().is_empty());
    }
}

fn through(edits: &[edit::Edit]) -> Result<(), EngineError> {
    let model = small();
    let tokens = model.tokens_from_ids(&[1, 5, 9, 5])?;
    let edits = CompiledEdits::bind(edits, model.spec(), tokens.len())?;
    let mut run = Run::new(model, tokens, edits, Captures::none())?;
    run.complete()?;
    for layer in 0..run.model().spec().n_layers {
        let pattern = run.attention(layer)?.pattern(0)?;
        assert!(pattern.iter().all(|weight| weight.is_finite()), "{pattern:?}");
    }
    run.logits(3..4).map(|_| ())
}

pub fn seeds() -> Vec<Vec<u8>> {
    [
        r#"[{"kind":"zero_head","layer":0,"head":1}]"#,
        r#"[{"kind":"position_mean_head","layer":"all","head":[0,1]},{"kind":"zero_value","layer":1,"key":0}]"#,
        r#"[{"kind":"knock_out_edge","layer":0,"head":{"from":0,"to":3},"query":3,"key":1,"on":false}]"#,
        r#"[{"kind":"uniform_pattern","layer":1,"head":0},{"kind":"block_token","layer":"all","key":2}]"#,
        r#"[{"kind":"set_pattern_row","layer":0,"head":0,"query":2,"weights":[0.5,0.25,0.25,0]}]"#,
        r#"[{"kind":"scale","layer":0,"hook":"attn.hook_z","head":1,"factor":-2.5}]"#,
        r#"[{"kind":"scale","layer":0,"hook":"attn.hook_attn_scores","factor":1e30}]"#,
        r#"[{"kind":"set","layer":1,"hook":"mlp.hook_post","neuron":[0,3],"query":"all","value":0.5}]"#,
        r#"[{"kind":"set","hook":"blocks.1.attn.hook_q","value":3.0}]"#,
        r#"[{"kind":"scale_q_neuron","layer":0,"head":0,"neuron":1,"factor":0}]"#,
        r#"[{"kind":"patch","layer":0,"hook":"hook_resid_pre","from":{"ids":[1,2,3,4]}}]"#,
    ]
    .map(|json| json.as_bytes().to_vec())
    .into()
}
