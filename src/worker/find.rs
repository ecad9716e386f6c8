//! Searches over a set of texts. A search is stepped while no other request waits, so that a run somebody asks for goes first.

use std::sync::Arc;

use super::drive::PartOf;
use super::{Stop, Worker};
use crate::analysis::{AttentionSource, Rotation};
use crate::edit::Edit;
use crate::engine::jobs::{
    AtlasJob, AtlasPart, AtlasText, FindJob, FindMeasure, FindOptions, FindPart, Found, Job, Progress, RunJob,
    RunOptions, Trial, TrialsJob,
};
use crate::engine::rows::{Aligned, RefusedRow, align};
use crate::engine::{EngineError, Model, Step};
use crate::protocol::{
    About, Baseline, FindAsked, FindReply, FindRequest, FoundHead, FoundNumbers, FromWorker, RequestId, RowRead, Stage,
};
use crate::sets;

/// So many rows go to the page with their tokens.
const N_WITH_TOKENS: usize = 60;

/// A search under way.
pub(super) struct Search {
    pub request: RequestId,
    pub is_paused: bool,
    job: SearchJob,
}

/// What is searched.
#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
enum SearchJob {
    Heads(FindJob),
    Trials(TrialsJob),
    Atlas(AtlasJob),
}

impl SearchJob {
    fn step(&mut self) -> Result<Step, EngineError> {
        match self {
            SearchJob::Heads(job) => job.step(),
            SearchJob::Trials(job) => job.step(),
            SearchJob::Atlas(job) => job.step(),
        }
    }

    fn progress(&self) -> Progress {
        match self {
            SearchJob::Heads(job) => job.progress(),
            SearchJob::Trials(job) => job.progress(),
            SearchJob::Atlas(job) => job.progress(),
        }
    }

    /// What the page is told at the end.
    fn finish(self, request: RequestId) -> Result<FindReply, EngineError> {
        Ok(match self {
            SearchJob::Heads(job) => FindReply::Done { request, found: numbers(job.finish()?) },
            SearchJob::Trials(_) | SearchJob::Atlas(_) => FindReply::AllRun { request },
        })
    }
}

impl Worker {
    /// Aligns a set, or begins a search in the place of the one under way.
    pub(super) async fn find(&mut self, asked: FindRequest) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
        let (request, asked, aligns_only) = match asked {
            FindRequest::Texts { request, lines, edits, layer, head } => {
                return self.texts(request, &lines, &edits, (layer as usize, head as usize)).await;
            }
            FindRequest::Trials { request, lines, variants } => {
                let rows = sets::from_json_lines(&lines).map_err(|message| Stop::failed(About::Request, message))?;
                let job = TrialsJob::new(model, &rows, variants)?;
                self.say_begun(request, job.refused());
                self.begin_search(request, SearchJob::Trials(job));
                return Ok(());
            }
            FindRequest::Atlas { request, lines, n_tokens, edits } => {
                let rows = sets::from_json_lines(&lines).map_err(|message| Stop::failed(About::Request, message))?;
                let (texts, refused) = AtlasText::of_rows(&model, &rows, n_tokens as usize);
                self.say_begun(request, &refused);
                self.begin_search(request, SearchJob::Atlas(AtlasJob::new(model, texts, edits)?));
                return Ok(());
            }
            FindRequest::Search { request, asked, aligns_only } => (request, asked, aligns_only),
        };
        let wrong = |message: String| Stop::failed(About::Request, message);
        let rows = sets::from_json_lines(&asked.lines).map_err(wrong)?;
        let measure: FindMeasure = asked.measure.parse().map_err(wrong)?;
        let options = options(&model, &asked)?;
        let aligned = align(&model, &rows, &options.wanted(&measure))?;
        self.say_aligned(request, &model, &aligned);
        if aligns_only {
            return Ok(());
        }
        let job = FindJob::of_aligned(model, Arc::new(rows), aligned, asked.edits, measure, options)?;
        let known = asked.known.into_iter().map(|(row, values)| FindPart { row: row as usize, values });
        self.begin_search(request, SearchJob::Heads(job.resume(known)));
        Ok(())
    }

    fn say_begun(&self, request: RequestId, refused: &[RefusedRow]) {
        let refused = refused.iter().map(|row| (row.index as u32, row.reason.clone())).collect();
        self.outbox.say(&FromWorker::Find(FindReply::Begun { request, refused }));
    }

    /// Steps a job from now on, in the place of the one under way.
    fn begin_search(&mut self, request: RequestId, job: SearchJob) {
        if let Some(before) = self.search.replace(Search { request, is_paused: false, job }) {
            self.outbox.say(&FromWorker::Cancelled { request: before.request });
        }
    }

    /// One head on each of some rows.
    async fn texts(
        &mut self,
        request: RequestId,
        lines: &str,
        edits: &[Edit],
        (layer, head): (usize, usize),
    ) -> Result<(), Stop> {
        let model = Arc::clone(self.model()?);
        let rows = sets::from_json_lines(lines).map_err(|message| Stop::failed(About::Request, message))?;
        let n_parts = rows.len();
        let (mut lengths, mut buffers) = (Vec::new(), Vec::new());
        for (index, row) in rows.iter().enumerate() {
            let tokens = model.encode(&row.text, row.text_pair.as_deref())?;
            let options = RunOptions { leaves_out: true, ..RunOptions::default() };
            let job = RunJob::new(Arc::clone(&model), tokens.into(), edits.to_vec(), options)?;
            let run = self.drive_with(request, job, PartOf { index, n_parts }, |_, _| {}).await?.output.run;
            let n = run.tokens().len();
            lengths.push(n as u32);
            buffers.push(run.layer_source(layer)?.pattern(head, 0..n)?);
            buffers.push(run.queries(layer, head, Rotation::After)?);
            buffers.push(run.keys(layer, head, Rotation::After)?);
        }
        let buffers: Vec<&[f32]> = buffers.iter().map(Vec::as_slice).collect();
        let scale = model.spec().attn_scale_of(layer);
        self.outbox.say_with(&FromWorker::Find(FindReply::Texts { request, lengths, scale }), &buffers);
        Ok(())
    }

    /// Whether there is a search to step, or one that was asked to stop.
    pub(super) fn is_searching(&self) -> bool {
        self.search.as_ref().is_some_and(|search| !search.is_paused || self.is_cancelled(search.request))
    }

    /// Does the next piece of the search.
    pub(super) async fn search_on(&mut self) {
        let Some(mut search) = self.search.take() else { return };
        let request = search.request;
        let step = match self.breathe(request).await {
            Ok(()) => search.job.step().map_err(Stop::from),
            Err(stop) => Err(stop),
        };
        let step = step.and_then(|step| {
            self.say_parts(request, &mut search.job);
            let progress = search.job.progress();
            self.outbox.progress(request, Stage::Find, progress.done as u64, progress.total as u64);
            match step {
                Step::More => self.search = Some(search),
                Step::Done => {
                    let reply = search.job.finish(request)?;
                    self.outbox.say(&FromWorker::Find(reply));
                }
            }
            Ok(())
        });
        if let Err(stop) = step {
            self.stopped(request, stop);
        }
    }

    /// The numbers that are new.
    fn say_parts(&self, request: RequestId, job: &mut SearchJob) {
        match job {
            SearchJob::Heads(job) => {
                for FindPart { row, values } in job.drain() {
                    self.outbox.say_with(&FromWorker::Find(FindReply::Row { request, row: row as u32 }), &[&values]);
                }
            }
            SearchJob::Trials(job) => {
                for Trial { variant, row, outcome, rank, rank_of_answers, loss } in job.drain() {
                    let reply = FindReply::Trial { request, variant: variant as u32, row: row as u32 };
                    self.outbox.say_with(&FromWorker::Find(reply), &[&[outcome, rank, rank_of_answers, loss]]);
                }
            }
            SearchJob::Atlas(job) => {
                for AtlasPart { text: AtlasText { tokens, cluster }, table, links } in job.drain() {
                    let links: Vec<f32> = links.iter().flat_map(|link| [link.0 as f32, link.1 as f32]).collect();
                    let reply = FindReply::AtlasText { request, cluster: cluster as u32, tokens };
                    self.outbox.say_with(&FromWorker::Find(reply), &[&table, &links]);
                }
            }
        }
    }

    fn say_aligned(&self, request: RequestId, model: &Model, aligned: &Aligned) {
        let names = |ids: &[u32]| ids.iter().map(|id| model.token_name(*id)).collect::<Vec<String>>();
        let rows = aligned.rows.iter().enumerate().map(|(place, row)| RowRead {
            row: row.index as u32,
            n_tokens: row.tokens.len() as u32,
            tokens: if place < N_WITH_TOKENS { row.tokens.tokens.clone() } else { Vec::new() },
            marks: row
                .marks
                .iter()
                .map(|(name, at)| (name.clone(), at.iter().map(|at| *at as u32).collect()))
                .collect(),
            outcome: row
                .outcome
                .as_ref()
                .map(|outcome| (names(&outcome.answers), names(&outcome.others), outcome.position as u32)),
            is_positive: row.is_positive,
        });
        let refused = aligned.refused.iter().map(|refused| (refused.index as u32, refused.reason.clone()));
        self.outbox.say(&FromWorker::Find(FindReply::Aligned {
            request,
            rows: rows.collect(),
            refused: refused.collect(),
            notes: aligned.notes.clone(),
        }));
    }
}

fn options(model: &Model, asked: &FindAsked) -> Result<FindOptions, EngineError> {
    let ids = |texts: &[String]| texts.iter().map(|text| Ok(model.first_token(text)?.0)).collect();
    let answers: Result<Vec<u32>, EngineError> = ids(&asked.answers);
    let others: Result<Vec<u32>, EngineError> = ids(&asked.others);
    Ok(FindOptions {
        n_permutations: asked.n_permutations as usize,
        seed: asked.seed,
        positive: asked.positive.clone(),
        answers: (answers?, others?),
        ..FindOptions::default()
    })
}

fn numbers(found: Found) -> FoundNumbers {
    let heads = found.heads.iter().map(|head| FoundHead {
        n: head.estimate.n as u32,
        value: head.estimate.value,
        interval: head.estimate.interval,
        p: head.p.map(|p| [p.statistic, p.p, p.p_corrected]),
    });
    let baselines = found.baselines.iter();
    FoundNumbers {
        heads: heads.collect(),
        n_heads: found.n_heads as u32,
        n_units: found.n_units as u32,
        n_clusters: found.n_clusters.iter().map(|n| *n as u32).collect(),
        least_p: found.least_p,
        baselines: baselines
            .map(|(name, area)| Baseline { name: (*name).to_owned(), value: area.value, interval: area.interval })
            .collect(),
    }
}
