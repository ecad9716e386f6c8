//! What each reply of the worker does. A reply to a request that is no longer waited for changes nothing on screen.

use super::*;
use crate::protocol::{self, Answer, FromWorker, Report, RunInfo, ToWorker};
use crate::trace::file::ModelName;

impl State {
    pub(super) fn worker_said(&mut self, reply: FromWorker, buffers: Vec<Vec<f32>>, effects: &mut Vec<Effect>) {
        // What a trace in the page says.
        let is_answer = |reply: &FromWorker| {
            matches!(reply, FromWorker::Answered { .. } | FromWorker::Cancelled { .. } | FromWorker::Failed { .. })
        };
        if !RUNS_MODELS && !is_answer(&reply) {
            return;
        }
        match reply {
            FromWorker::Ready { version, threads } if version == protocol::VERSION => {
                self.worker = WorkerPhase::Ready;
                self.threads.running = threads;
                self.load(effects);
            }
            FromWorker::Ready { .. } => self.wrong_version(effects),
            FromWorker::Progress { request, stage, done, total } => {
                if let Some(work) = self.work.as_mut().filter(|work| work.request == request) {
                    work.progress = Some(Progress { stage, done, total });
                }
            }
            FromWorker::Loaded { request, model } => self.loaded(request, model, effects),
            // Another worker's to say: this one is never asked.
            FromWorker::HubListed { .. } => {}
            FromWorker::RunsDone { request, runs } => self.runs_done(request, runs, effects),
            FromWorker::Answered { request, answer, .. } => self.answered(request, answer, buffers, effects),
            FromWorker::Predictions { request, position, top, .. } => {
                self.readings.top_came(request, position as usize, top);
            }
            FromWorker::Tokenized { request, tokens } => self.readings.typed_came(request, tokens),
            FromWorker::TokenLosses { request, .. } => {
                self.readings.losses_came(request, buffers.into_iter().next().unwrap_or_default());
            }
            FromWorker::MeanScores { request, n_inputs } => self.seeds_came(request, n_inputs, buffers),
            FromWorker::Similarity { request, cosine } => self.readings.similarity_came(request, cosine),
            FromWorker::Editing(reply) => self.editing_said(reply, effects),
            FromWorker::Saved { request, url, .. } => self.saved(request, url, effects),
            FromWorker::Cancelled { request } => self.ended(request, None),
            FromWorker::Failed { request, report } => self.ended(request, Some(report)),
        }
    }

    pub(super) fn answered(
        &mut self,
        request: RequestId,
        answer: Answer,
        buffers: Vec<Vec<f32>>,
        effects: &mut Vec<Effect>,
    ) {
        let Some((request, answer, buffers)) = self.paired(request, answer, buffers) else { return };
        match answer {
            Answer::Patterns { layer, heads, n_query, n_key } => {
                let Some((_, wanted)) = self.wanted_layer.take_if(|(wanted, _)| *wanted == request) else { return };
                let patterns = LayerPatterns {
                    layer: layer as usize,
                    n_heads: heads.len(),
                    n_query: n_query as usize,
                    n_key: n_key as usize,
                    values: buffers.into_iter().next().unwrap_or_default().into(),
                };
                self.patterns_came(wanted, patterns, effects);
            }
            Answer::Scores { .. } => self.scores.scores_came(request, buffers.into_iter().next().unwrap_or_default()),
            Answer::HeadWeights { .. } => {
                self.scores.weights_came(request, buffers.into_iter().next().unwrap_or_default());
            }
            other => self.scales_answered(request, other, buffers),
        }
    }

    /// Takes the work that this answers, if it is the one waited for.
    pub(super) fn take_work(&mut self, request: RequestId) -> Option<Work> {
        self.work.take_if(|work| work.request == request)
    }

    fn loaded(&mut self, request: RequestId, model: ModelInfo, effects: &mut Vec<Effect>) {
        if self.take_work(request).is_none() {
            return;
        }
        self.suit_tokenizer(&model);
        self.model = Some(model);
        match self.planned.take() {
            Some(plan) => self.carry_out(plan, effects),
            None => self.recovered(),
        }
    }

    /// After a stop: the model is there again.
    fn recovered(&mut self) {
        if let Some(stopped) = &mut self.notices.stopped {
            stopped.recovery = Recovery::Recovered;
        }
    }

    fn runs_done(&mut self, request: RequestId, runs: Vec<RunInfo>, effects: &mut Vec<Effect>) {
        let Some(work) = self.take_work(request) else {
            // Done after all, though no longer wanted: free its memory.
            effects.extend(runs.iter().map(|info| Effect::Send(ToWorker::Forget { run: info.run })));
            return;
        };
        let Some(info) = runs.into_iter().next() else { return };
        let plan = match work.task {
            Task::Run(plan) => plan,
            Task::Against => return self.text_beside_came(request, info, effects),
            _ => return,
        };
        let Some(model) = self.model.clone() else { return };
        self.wanted_layer = None;
        if plan.purpose == Purpose::Restore {
            if let Some(shown) = &mut self.shown {
                shown.live_run = Some(info.run);
            }
            self.recovered();
        } else {
            self.n_stops = 0;
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

    fn patterns_came(&mut self, wanted: usize, patterns: LayerPatterns, effects: &mut Vec<Effect>) {
        let Some(shown) = &mut self.shown else { return };
        let shape = shown.shape();
        let n_values = patterns.n_heads * patterns.n_query * patterns.n_key;
        let fits = patterns.layer == wanted
            && (patterns.n_heads, patterns.n_query, patterns.n_key) == (shape.n_heads, shape.n_query, shape.n_key)
            && patterns.values.len() == n_values;
        if fits {
            shown.layers.insert(patterns);
            self.follow_layer(effects);
        } else {
            self.notices.status = Some(format!(
                "The attention of layer {wanted} came in another shape than asked for: {} heads, {} × {}, {} numbers.",
                patterns.n_heads,
                patterns.n_query,
                patterns.n_key,
                patterns.values.len()
            ));
        }
    }

    /// A request ended without a result: what is shown stays.
    pub(super) fn ended(&mut self, request: RequestId, report: Option<Report>) {
        let request = self.pair_ended(request);
        let (scores, readings) = (&mut self.scores, &mut self.readings);
        if scores.ended(request, report.as_ref())
            || readings.ended(request, report.as_ref())
            || self.scales_ended(request, report.as_ref())
            || self.editing_ended(request, report.as_ref())
        {
            return;
        }
        let was_layer = self.wanted_layer.take_if(|(wanted, _)| *wanted == request).is_some();
        let work = self.take_work(request);
        if !was_layer && work.is_none() {
            return;
        }
        if let (Some(report), Some(Task::Against)) = (&report, work.as_ref().map(|work| &work.task)) {
            self.editing.against_problem = Some(wording::sentence(&report.message));
        } else if let Some(report) = report {
            self.notices.place(report);
        }
        match work.map(|work| work.task) {
            Some(Task::Load) => self.planned = None,
            Some(Task::Run(plan)) if plan.purpose == Purpose::Restore => self.recovered(),
            _ => {}
        }
    }
}
