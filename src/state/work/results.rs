//! Results of runs: what becomes of the one on screen when another one is complete, and the patterns of its layers.

use super::{Plan, RunReason, Task};
use crate::protocol::{ModelInfo, RequestId, RunInfo, ToWorker};
use crate::state::shown::{LayerPatterns, Origin, Shown};
use crate::state::{Effect, State};
use crate::trace::file::ModelName;

impl State {
    pub(super) fn runs_done(&mut self, request: RequestId, runs: Vec<RunInfo>, effects: &mut Vec<Effect>) {
        let Some(task) = self.end_task(request) else {
            // The run is complete, but nobody waits for it any more: free its memory.
            effects.extend(runs.iter().map(|info| Effect::Send(ToWorker::Forget { run: info.run })));
            return;
        };
        let Some(info) = runs.into_iter().next() else { return };
        let plan = match task {
            Task::Run(plan) => plan,
            Task::Against => return self.text_beside_came(request, info, effects),
            _ => return,
        };
        let Some(model) = self.work.model.clone() else { return };
        if plan.reason == RunReason::Restore {
            if let Some(shown) = &mut self.shown {
                shown.live_run = Some(info.run);
            }
            self.recovered();
        } else {
            self.work.n_stops = 0;
            self.forget_editing(effects);
            self.show(request, plan, model, info, effects);
        }
        self.edit_again(effects);
        self.follow_layer(effects);
    }

    fn show(&mut self, request: RequestId, plan: Plan, model: ModelInfo, info: RunInfo, effects: &mut Vec<Effect>) {
        let before = self.shown.take();
        if let Some(run) = before.as_ref().and_then(|shown| shown.live_run) {
            effects.push(Effect::Send(ToWorker::Forget { run }));
        }
        let read = |info: &RunInfo| {
            let target = info.target.as_ref().map(|target| target.tokens.tokens.clone());
            (info.tokens.tokens.clone(), target)
        };
        if before.as_ref().is_none_or(|shown| read(&shown.info) != read(&info)) {
            self.selection.clear_tokens();
        }
        let had_all_heads =
            before.as_ref().is_some_and(|shown| self.selection.heads.len() == shown.stack_spec().n_heads);
        let origin = Origin {
            model: self.model_name(&model),
            has_bos: model.adds_bos.map(|adds_bos| plan.input.bos.unwrap_or(adds_bos)),
            ..Origin::default()
        };
        let live_run = Some(info.run);
        let shown = Shown::new(request, plan.input, model.name, model.spec, info, self.selection.kind);
        let shown = Shown { live_run, origin, ..shown };
        self.selection.kind = shown.kind;
        if had_all_heads {
            self.selection.heads = (0..shown.stack_spec().n_heads).collect();
        }
        self.selection.clamp(&shown.shape());
        self.shown = Some(shown);
        self.settle_outcome(before.as_ref());
        self.apply_link();
        self.look_at_example(effects);
    }

    /// Which weights a loaded model has: its name without the quantisation, and the digest of its largest file.
    fn model_name(&self, model: &ModelInfo) -> ModelName {
        let suffix = format!(", {}", model.quantisation);
        let name = model.name.strip_suffix(&suffix).unwrap_or(&model.name).to_owned();
        let entry = self.models.iter().find(|entry| entry.name == model.name);
        let weights = entry.and_then(|entry| entry.files.iter().max_by_key(|file| file.size));
        ModelName {
            name,
            revision: None,
            sha256: weights.map(|file| file.sha256.clone()),
            quantisation: Some(model.quantisation.clone()),
        }
    }

    /// Takes the patterns of one layer. Their shape is layer, heads, rows and columns.
    pub(in crate::state) fn patterns_came(
        &mut self,
        wanted: usize,
        (layer, n_heads, n_query, n_key): (usize, usize, usize, usize),
        values: Vec<f32>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(shown) = &mut self.shown else { return };
        let shape = shown.shape();
        let fits = layer == wanted
            && (n_heads, n_query, n_key) == (shape.n_heads, shape.n_query, shape.n_key)
            && values.len() == n_heads * n_query * n_key;
        if fits {
            let values = values.into();
            shown.layers.insert(LayerPatterns { layer, n_heads, n_query, n_key, values, ..LayerPatterns::default() });
            self.follow_layer(effects);
        } else {
            self.notices.status = Some(format!(
                "The attention of layer {wanted} arrived in another shape than requested: {n_heads} heads, {n_query} × {n_key}, \
                 {} numbers.",
                values.len()
            ));
        }
    }
}
