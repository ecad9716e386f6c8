//! What matters for an outcome: estimates by gradients, and saliency of tokens.

use std::sync::Arc;

use super::drive::PartOf;
use super::{Stop, Worker, inputs};
use crate::analysis::inside::feeds::Feed;
use crate::analysis::links::place_of;
use crate::engine::jobs::{
    Baseline, EstimateJob, EstimateOf, Estimates, FeedsJob, HookEstimate, KeepJob, Measure, SaliencyJob, StackSaliency,
    Subject, SubjectsJob, drawn_from_all,
};
use crate::protocol::{
    About, Answer, EstimateAsked, EstimatedPart, EstimatesAnswer, FEED_WIDTH, FeedsAsked, FromWorker, KeptAsked,
    LINK_WIDTH, OutcomeAsked, RequestId, RunId, SaliencyAnswer,
};
use crate::trace::{Attn, AttnKind, BlockSite, Hook, StackHook};

/// How many links are sent, and as many drawn at random.
const N_LINKS: usize = 1_000;

impl Worker {
    /// Answers with the estimates of an attention's parts.
    pub(super) async fn estimate(
        &mut self,
        request: RequestId,
        run: RunId,
        kind: AttnKind,
        asked: &EstimateAsked,
    ) -> Result<(), Stop> {
        let parts = match asked.of {
            EstimatedPart::Heads => EstimateOf::Heads,
            EstimatedPart::Positions => EstimateOf::Positions,
            EstimatedPart::Neurons => EstimateOf::Neurons,
            EstimatedPart::Links => EstimateOf::Edges,
        };
        let found = self.estimated(request, run, parts, asked).await?;
        let hooks = found.at_hooks_of(kind, parts);
        let mut answer = EstimatesAnswer { outcome: found.outcome as f32, hooks: Vec::new() };
        let reads: Vec<f32> = found.reads.iter().map(|position| *position as f32).collect();
        // Of links all attentions are ranked together.
        let n_encoder = self.kept(run)?.run.source().map(|source| source.model().spec().n_layers);
        let links = (parts == EstimateOf::Edges).then(|| links(&found.hooks.iter().collect::<Vec<_>>(), n_encoder));
        let buffers: Vec<&[f32]> = match &links {
            Some(links) => links.iter().chain([&reads]).map(Vec::as_slice).collect(),
            None => {
                let shape = |estimate: &HookEstimate| estimate.shape.iter().map(|length| *length as u32).collect();
                answer.hooks = hooks.iter().map(|estimate| (estimate.hook.to_string(), shape(estimate))).collect();
                hooks.iter().map(|estimate| estimate.values.as_slice()).collect()
            }
        };
        self.outbox.say_with(&FromWorker::Answered { request, run, answer: Answer::Estimates(answer) }, &buffers);
        Ok(())
    }

    /// The estimates of one kind of part. Whoever looks at heads looks at neurons next, so one reverse pass gives both.
    async fn estimated(
        &mut self,
        request: RequestId,
        run: RunId,
        parts: EstimateOf,
        asked: &EstimateAsked,
    ) -> Result<Arc<Estimates>, Stop> {
        const SHARED: [EstimateOf; 2] = [EstimateOf::Heads, EstimateOf::Neurons];
        let is_shared = SHARED.contains(&parts);
        let asked = EstimateAsked { of: if is_shared { EstimatedPart::Heads } else { asked.of }, ..asked.clone() };
        match &self.kept(run)?.estimates {
            Some((made, estimates)) if *made == asked => return Ok(Arc::clone(estimates)),
            _ => {}
        }
        let model = Arc::clone(self.model()?);
        let measure = self.measure_for(run, &asked.outcome, parts, asked.from.is_some())?;
        let encoded = |text: &String| match text.split_once('\n') {
            Some((text, pair)) => model.encode(text, Some(pair)),
            None => model.encode(text, None),
        };
        let other = asked.from.as_ref().map(encoded).transpose()?;
        let subjects = self.subjects(request, run, measure).await?;
        let (n_parts, mut found) = (subjects.len(), Estimates::default());
        let kinds = if is_shared { &SHARED[..] } else { &[parts][..] };
        for (index, (run, outcome)) in subjects.into_iter().enumerate() {
            let job = EstimateJob::new(run, outcome, kinds, other.clone())?;
            let job = if parts == EstimateOf::Edges { job.keeping(N_LINKS) } else { job };
            found.add(self.drive_with(request, job, PartOf { index, n_parts }, |_, ()| {}).await?.output);
        }
        let found = Arc::new(found);
        if is_shared && let Some(kept) = self.runs.get_mut(&run) {
            kept.estimates = Some((asked, Arc::clone(&found)));
        }
        Ok(found)
    }

    /// Answers with what the tokens count for.
    pub(super) async fn saliency(
        &mut self,
        request: RequestId,
        run: RunId,
        outcome: &OutcomeAsked,
    ) -> Result<(), Stop> {
        let measure = inputs::measure(self.kept(run)?.run.model(), outcome)?;
        let subjects = self.subjects(request, run, measure).await?;
        let baseline = Baseline::of(self.model()?);
        let name = match baseline {
            Baseline::Token(id) => Some(self.model()?.token_name(id)),
            Baseline::Mean => None,
        };
        let (texts, remainders) = (Vec::new(), Vec::new());
        let mut answer = SaliencyAnswer { outcome: 0.0, texts, remainders, n_steps: 0, baseline: name };
        let mut buffers = Vec::new();
        let n_parts = subjects.len();
        for (index, (run, outcome)) in subjects.into_iter().enumerate() {
            let job = SaliencyJob::new(Arc::clone(&run), outcome, baseline)?;
            let found = self.drive_with(request, job, PartOf { index, n_parts }, |_, ()| {}).await?.output;
            let source = run.source().zip(found.encoder).map(|(source, of_source)| (source.tokens(), of_source));
            for (tokens, StackSaliency { saliency, norm, integrated }) in
                source.into_iter().chain([(run.tokens(), found.own)])
            {
                answer.texts.push(tokens.clone());
                let narrow = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect::<Vec<f32>>();
                buffers.extend([saliency, norm, integrated].map(narrow));
            }
            answer.outcome = found.outcome as f32;
            answer.remainders.push(found.remainder as f32);
            answer.n_steps = answer.n_steps.max(found.n_steps as u32);
        }
        let buffers: Vec<&[f32]> = buffers.iter().map(Vec::as_slice).collect();
        self.outbox.say_with(&FromWorker::Answered { request, run, answer: Answer::Saliency(answer) }, &buffers);
        Ok(())
    }

    /// Answers with the outcome with only some links.
    pub(super) async fn kept_links(&mut self, request: RequestId, run: RunId, asked: KeptAsked) -> Result<(), Stop> {
        let (found, outcome) = self.subject(request, run, &asked.outcome).await?;
        let counts = asked.counts.into_iter().map(|count| count as usize).collect();
        let job = KeepJob::new(found, outcome, asked.links, counts, asked.is_mean)?;
        let kept = self.drive(request, job).await?.output;
        let all = [kept.outcome, kept.none].into_iter().chain(kept.points.into_iter().flatten());
        let values: Vec<f32> = all.map(|value| value as f32).collect();
        self.outbox.say_with(&FromWorker::Answered { request, run, answer: Answer::Kept }, &[&values]);
        Ok(())
    }

    /// Answers with what feeds a head.
    pub(super) async fn feeds(&mut self, request: RequestId, run: RunId, asked: FeedsAsked) -> Result<(), Stop> {
        let (found, outcome) = self.subject(request, run, &asked.outcome).await?;
        let place = (asked.layer as usize, asked.head as usize);
        let job = FeedsJob::new(found, outcome, place, asked.n_tried as usize)?;
        let feeds = self.drive(request, job).await?.output;
        let row = |feed: Feed| -> [f32; FEED_WIDTH] {
            let exact = feeds.tried.iter().find(|(tried, _)| *tried == feed).map_or(f64::NAN, |(_, exact)| *exact);
            let head = feed.head.map_or(-1.0, |head| head as f32);
            [feed.through as f32, feed.layer as f32, head, feed.estimate as f32, exact as f32]
        };
        let rest = [0, 1, 2].map(|through| feeds.rest(through) as f32);
        let rows: Vec<f32> = feeds.ranked().into_iter().flat_map(row).collect();
        self.outbox.say_with(&FromWorker::Answered { request, run, answer: Answer::Feeds }, &[&rest, &rows]);
        Ok(())
    }

    /// The run with its outcome, which is one of a single text.
    async fn subject(&mut self, request: RequestId, run: RunId, outcome: &OutcomeAsked) -> Result<Subject, Stop> {
        let measure = self.measure_for(run, outcome, EstimateOf::Edges, false)?;
        let subject = self.subjects(request, run, measure).await?.pop();
        subject.ok_or_else(|| Stop::failed(About::Request, "there is no outcome".to_owned()))
    }

    /// What is measured, where parts can be looked at for it, with or without another text's values.
    fn measure_for(
        &self,
        run: RunId,
        outcome: &OutcomeAsked,
        parts: EstimateOf,
        has_other: bool,
    ) -> Result<Measure, Stop> {
        let measure = inputs::measure(self.kept(run)?.run.model(), outcome)?;
        if matches!(measure, Measure::Cosine(_)) {
            parts.check_cosine(has_other)?;
        }
        Ok(measure)
    }

    async fn subjects(&mut self, request: RequestId, run: RunId, measure: Measure) -> Result<Vec<Subject>, Stop> {
        let kept = self.kept(run)?;
        let job = SubjectsJob::new(Arc::clone(&kept.run), &kept.edits, measure)?;
        Ok(self.drive(request, job).await?.output)
    }
}

/// The links of all attentions: those drawn at random, and the largest. [link, 5]
fn links(hooks: &[&HookEstimate], n_encoder: Option<usize>) -> [Vec<f32>; 2] {
    let row = |estimate: &HookEstimate, (index, value): (usize, f32)| {
        let [_, n_query, n_key] = estimate.shape[..] else { return [0.0; LINK_WIDTH] };
        let StackHook { stack, hook } = estimate.hook;
        let is_cross = matches!(hook, Hook::Block(_, BlockSite::CrossPattern));
        let kind = AttnKind { stack, attn: if is_cross { Attn::Cross } else { Attn::Own } };
        let place = place_of(kind, hook.layer().unwrap_or(0), n_encoder) as f32;
        let [head, query, key] =
            [index / (n_query * n_key), index / n_key % n_query, index % n_key].map(|at| at as f32);
        [place, head, query, key, value]
    };
    let mut largest: Vec<[f32; LINK_WIDTH]> =
        hooks.iter().flat_map(|estimate| estimate.parts().map(|part| row(estimate, part))).collect();
    largest.sort_by(|a, b| b[4].abs().total_cmp(&a[4].abs()));
    largest.truncate(N_LINKS);
    let drawn = drawn_from_all(hooks, N_LINKS).into_iter().flat_map(|(at, part)| row(hooks[at], part));
    [drawn.collect(), largest.concat()]
}
