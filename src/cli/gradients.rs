//! `headlight attribute --save-gradients`: the outcome's gradient by every hook, as a safetensors file of `grad.HOOK`.

use std::sync::Arc;

use super::CliError;
use super::flow::metadata;
use super::outfile::OutFile;
use crate::engine::backward::{Asked, Backward, Differentiated};
use crate::engine::{Run, Step};
use crate::trace::file::{Element, TensorPlan, TraceWriter};
use crate::trace::{Hook, Lengths, Stack, StackHook};

/// Writes the file, layer by layer, the last layer first.
pub(super) fn write(run: &Arc<Run>, outcome: Differentiated, out: &OutFile) -> Result<(), CliError> {
    let mut backward = Backward::new(Arc::clone(run), outcome, Asked::matching(run, |_| true))?;
    let mut writer = TraceWriter::new(out.writer()?, &metadata(run), plan(run))?;
    loop {
        let step = backward.step()?;
        for part in backward.drain() {
            writer.write_floats(&format!("grad.{}", part.hook), &part.gradient)?;
        }
        if step == Step::Done {
            break;
        }
    }
    writer.finish()?;
    Ok(())
}

/// The tensors in the order in which a reverse pass hands them out.
fn plan(run: &Run) -> Vec<TensorPlan> {
    let n_source = run.source().map_or(0, |source| source.tokens().len());
    let own = (run, run.source().map(|_| Stack::Decoder));
    let stacks = [Some(own), run.source().map(|source| (&**source, Some(Stack::Encoder)))];
    let mut plan = Vec::new();
    for (run, stack) in stacks.into_iter().flatten() {
        let (spec, lengths) = (run.model().spec(), Lengths { n_pos: run.tokens().len(), n_source });
        let mut hooks = Hook::all(spec);
        // From the end of the model to its beginning; within a layer as a run passes them.
        let rank = |hook: &Hook| match hook {
            Hook::LnFinal => 0,
            Hook::Block(layer, _) => spec.n_layers - layer,
            _ => spec.n_layers + 1,
        };
        hooks.sort_by_key(|hook| (rank(hook), *hook));
        plan.extend(hooks.into_iter().map(|hook| TensorPlan {
            name: format!("grad.{}", StackHook { stack, hook }),
            element: Element::F32,
            shape: hook.shape(spec, lengths),
        }));
    }
    plan
}
