//! An atlas that is made in the page: the worker measures text after text, the page gathers. What there is so far opens as an atlas that
//! ends early, and takes its place in the view until the whole one is there.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::atlas::OpenAtlas;
use super::search::Stage;
use super::set::{LoadedSet, SetSource};
use crate::analysis::atlas::{Atlas, AtlasFile, AtlasMetadata, FORMAT, to_bytes};
use crate::edit::Edit;
use crate::protocol::{FindReply, FindRequest, Report, RequestId, ToWorker};
use crate::sets::Columns;
use crate::sets::made::Made;
use crate::state::catalogue::ModelLocation;
use crate::state::wording::{count, sentence, shortened};
use crate::state::{Effect, Progress, State, WorkerPhase};

/// Texts of the made corpus.
pub const N_MADE: usize = 200;
/// After so many texts the atlas is shown for the first time, then after twice as many, and so on.
const FIRST_LOOK: usize = 8;
/// Longest text that can be asked for.
const MAX_TOKENS: u32 = 4_096;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MakeAsked {
    /// Whether the corpus is the made one, and not the set above.
    pub is_made: bool,
    /// Tokens at which texts are cut, as typed.
    pub n_tokens: String,
    /// Whether the edits of the page act.
    pub has_edits: bool,
}

impl Default for MakeAsked {
    fn default() -> Self {
        Self { is_made: false, n_tokens: "64".to_owned(), has_edits: false }
    }
}

/// An atlas under way or done.
#[derive(Clone, Debug)]
pub struct Making {
    /// The request.
    request: RequestId,
    /// The corpus.
    corpus: Arc<LoadedSet>,
    edits: Vec<Edit>,
    n_tokens: u32,
    seed: u64,
    /// What is gathered; empty before the model is known.
    atlas: Atlas,
    /// What its file says about itself.
    about: AtlasMetadata,
    /// Texts that do not fit, and why.
    refused: Vec<(u32, String)>,
    /// Texts that are shorter than the others.
    n_short: usize,
    /// How far the worker is.
    progress: Option<Progress>,
    /// How far it is.
    stage: Stage,
    /// What is shown of it.
    shown: Option<Arc<OpenAtlas>>,
}

impl PartialEq for Making {
    /// Texts are added and never changed; progress does not count as a change.
    fn eq(&self, other: &Self) -> bool {
        let key = |making: &Self| (making.request, making.atlas.n_texts(), making.refused.len());
        key(self) == key(other) && self.stage == other.stage
    }
}

impl Making {
    /// Whether texts are still to come.
    pub fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Running | Stage::Paused)
    }

    /// How far it is.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    pub(super) fn request(&self) -> RequestId {
        self.request
    }

    pub(super) fn progress(&self) -> Option<Progress> {
        self.progress
    }

    /// Texts that can be read.
    fn n_all(&self) -> usize {
        self.corpus.rows.len().saturating_sub(self.refused.len())
    }

    /// How far it is, for the status line.
    pub fn status(&self) -> String {
        let (n, n_all) = (self.atlas.n_texts(), count(self.n_all(), "text"));
        match &self.stage {
            Stage::Done => format!("complete: {}", count(n, "text")),
            Stage::Stopped(reason) => format!("ended after {n} of {n_all}: {reason}"),
            Stage::Paused => format!("Atlas rests at {n} of {n_all}"),
            Stage::Waiting | Stage::Running => format!("Atlas: {n} of {n_all}"),
        }
    }

    /// What is to be known of its texts, a sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some((row, reason)) = self.refused.first() {
            let n = count(self.refused.len(), "text");
            notes.push(format!("{n} of the corpus left out, the first one text {}: {reason}.", row + 1));
        }
        if self.n_short > 0 {
            notes.push(format!(
                "{} of {} are shorter than {} tokens: compare scores that depend on length by their ratios.",
                self.n_short,
                count(self.atlas.n_texts(), "text"),
                self.n_tokens
            ));
        }
        notes
    }

    /// The name of its file.
    fn name(&self) -> String {
        let part = match self.stage {
            Stage::Done => String::new(),
            _ => format!("-{}-of-{}", self.atlas.n_texts(), self.n_all()),
        };
        let edits = if self.edits.is_empty() { "" } else { "-edited" };
        let name = format!("atlas-{}-{}{edits}{part}", self.about.model, self.about.corpus);
        let plain = |letter: char| if letter.is_alphanumeric() || "._".contains(letter) { letter } else { '-' };
        format!("{}.safetensors", name.chars().map(plain).collect::<String>())
    }

    /// What is gathered, as its file.
    fn open(&self) -> Result<OpenAtlas, String> {
        let named: BTreeSet<u32> = self.atlas.token_ids().into_iter().collect();
        let tokens = self.about.tokens.iter().filter(|(id, _)| named.contains(id));
        let metadata = AtlasMetadata {
            n_texts: self.atlas.n_texts(),
            tokens: tokens.map(|(id, token)| (*id, token.clone())).collect(),
            ..self.about.clone()
        };
        let name = self.name();
        let file = AtlasFile::read(&name, to_bytes(&self.atlas, &metadata)?).map_err(|error| error.to_string())?;
        Ok(OpenAtlas { name, file })
    }
}

impl State {
    /// Begins an atlas, or says why not.
    pub(super) fn make_asked(&mut self, asked: &MakeAsked, effects: &mut Vec<Effect>) {
        let making = match self.new_making(asked) {
            Ok(making) => making,
            Err(problem) => {
                self.find.atlas.problem = Some(problem);
                return;
            }
        };
        self.find.atlas.problem = None;
        self.stop_search("an atlas was begun", effects);
        self.find.making = Some(Box::new(making));
        self.run_for_model(effects);
    }

    fn new_making(&self, asked: &MakeAsked) -> Result<Making, String> {
        let n_tokens = asked.n_tokens.trim().parse().ok().filter(|n| (2..=MAX_TOKENS).contains(n));
        let n_tokens = n_tokens.ok_or_else(|| {
            format!("“{}” is not a number of tokens from 2 to {MAX_TOKENS}.", shortened(&asked.n_tokens))
        })?;
        let seed = self.find.seed()?;
        let corpus = match self.find.set.clone().filter(|_| !asked.is_made) {
            Some(set) => set,
            None => {
                let made = SetSource::Made(Made::Texts, N_MADE, seed).read(&Columns::default());
                Arc::new(made.map_err(|(problem, _)| sentence(&problem))?)
            }
        };
        Ok(Making {
            request: 0,
            edits: if asked.has_edits { self.editing.switched_on() } else { Vec::new() },
            n_tokens,
            seed,
            atlas: Atlas::new(0, 0, seed),
            about: AtlasMetadata::default(),
            refused: Vec::new(),
            n_short: 0,
            progress: None,
            stage: Stage::Waiting,
            shown: None,
            corpus,
        })
    }

    /// Sends what waits for the model, once that is here and nobody else waits for it. Says whether anything waits.
    pub(super) fn follow_making(&mut self, effects: &mut Vec<Effect>) -> bool {
        if self.find.making.as_ref().is_none_or(|making| making.stage != Stage::Waiting) {
            return false;
        }
        let Some(model) = self.work.model.as_ref().filter(|_| self.work.worker == WorkerPhase::Ready) else {
            if self.work.planned.is_none() {
                self.end_making("no model was loaded: see the message above".to_owned());
            }
            return true;
        };
        let entry = self.models.iter().find(|entry| entry.name == model.name);
        let revision = entry.and_then(|entry| match &entry.location {
            ModelLocation::Hub { commit, .. } => Some(commit.clone()),
            _ => None,
        });
        let (name, quantisation) = (model.name.clone(), model.quantisation.clone());
        let (n_layers, n_heads) = (model.spec.n_layers, model.spec.n_heads);
        let request = self.request();
        let Some(making) = &mut self.find.making else { return false };
        (making.request, making.stage) = (request, Stage::Running);
        making.atlas = Atlas::new(n_layers, n_heads, making.seed);
        let corpus = &making.corpus;
        making.about = AtlasMetadata {
            format: FORMAT,
            model: name,
            revision,
            quantisation,
            edits: making.edits.iter().map(Edit::to_json).collect(),
            corpus: match corpus.made.as_ref().and_then(|made| made.rsplit_once(':')) {
                Some((made, _seed)) => format!("made:{made}"),
                None => corpus.name.clone(),
            },
            corpus_hash: corpus.hash.clone(),
            n_tokens: making.n_tokens as usize,
            scores: making.atlas.score_ids(),
            seed: making.seed,
            ..AtlasMetadata::default()
        };
        let (lines, n_tokens, edits) = (corpus.lines.clone(), making.n_tokens, making.edits.clone());
        effects.push(Effect::Send(ToWorker::Find(FindRequest::Atlas { request, lines, n_tokens, edits })));
        true
    }

    /// What the worker says of an atlas. Says whether it is about one.
    pub(super) fn making_said(&mut self, reply: &FindReply, buffers: &[Vec<f32>]) -> bool {
        let (FindReply::Begun { request, .. } | FindReply::AtlasText { request, .. } | FindReply::AllRun { request }) =
            reply
        else {
            return false;
        };
        let request = *request;
        let making = self.find.making.as_mut();
        let Some(making) = making.filter(|making| making.request == request && making.is_under_way()) else {
            return false;
        };
        match (reply, buffers) {
            (FindReply::Begun { refused, .. }, _) => making.refused.clone_from(refused),
            (FindReply::AtlasText { cluster, tokens, .. }, [table, links]) => {
                let links: Vec<(u32, u32)> =
                    links.as_chunks().0.iter().map(|[query, key]| (*query as u32, *key as u32)).collect();
                making.atlas.add(&tokens.ids, u64::from(*cluster), table, &links);
                making.n_short += usize::from(tokens.len() < making.n_tokens as usize);
                making.about.token_form = tokens.form;
                making.about.tokens.extend(tokens.ids.iter().copied().zip(tokens.tokens.iter().cloned()));
                let n = making.atlas.n_texts();
                // The text that was under way when the atlas was told to rest comes after it.
                if (n >= FIRST_LOOK && n.is_power_of_two()) || making.stage == Stage::Paused {
                    self.show_making();
                }
            }
            (FindReply::AllRun { .. }, _) => {
                (making.stage, making.progress) = (Stage::Done, None);
                self.show_making();
            }
            _ => {}
        }
        true
    }

    /// Opens what there is so far, in the place of what was shown of it before; an atlas that was closed opens again only when it is done.
    fn show_making(&mut self) {
        let Some(making) = &mut self.find.making else { return };
        let bench = &mut self.find.atlas;
        let is_shown = |open: &Arc<OpenAtlas>| making.shown.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, open));
        let place = bench.open.iter().position(is_shown);
        let is_closed = making.shown.is_some() && place.is_none();
        if making.atlas.n_texts() == 0 || (is_closed && making.stage != Stage::Done) {
            return;
        }
        match making.open() {
            Ok(open) => {
                let open = Arc::new(open);
                making.shown = Some(Arc::clone(&open));
                bench.put(open, place);
            }
            Err(problem) => bench.problem = Some(sentence(&problem)),
        }
    }

    /// A request ended without an answer: says whether it is that of an atlas.
    pub(super) fn making_ended(&mut self, request: RequestId, report: Option<&Report>) -> bool {
        let is_its = self.is_of_making(request);
        if is_its {
            self.end_making(report.map_or_else(|| "stopped".to_owned(), |report| sentence(&report.message)));
        }
        is_its
    }

    /// Notes how far an atlas is: says whether the request is its.
    pub(super) fn making_progressed(&mut self, request: RequestId, progress: Progress) -> bool {
        let is_its = self.is_of_making(request);
        if let Some(making) = self.find.making.as_mut().filter(|_| is_its) {
            making.progress = Some(progress);
        }
        is_its
    }

    /// Stops an atlas under way; what it has is shown. Says whether there was one.
    pub(super) fn stop_making(&mut self, reason: &str, effects: &mut Vec<Effect>) -> bool {
        let Some(making) = self.find.making.as_ref().filter(|making| making.is_under_way()) else { return false };
        if making.request != 0 {
            effects.push(Effect::Send(ToWorker::Cancel { request: making.request }));
        }
        self.end_making(reason.to_owned());
        true
    }

    /// Lets an atlas rest, and shows what it has, or lets it go on.
    pub(super) fn pause_making(&mut self, from: &Stage, to: Stage, is_paused: bool, effects: &mut Vec<Effect>) {
        let Some(making) = self.find.making.as_mut().filter(|making| making.stage == *from) else { return };
        making.stage = to;
        effects.push(Effect::Send(ToWorker::Pause { request: making.request, is_paused }));
        if is_paused {
            self.show_making();
        }
    }

    pub(super) fn end_making(&mut self, reason: String) {
        if let Some(making) = self.find.making.as_mut() {
            (making.stage, making.progress) = (Stage::Stopped(reason), None);
            self.show_making();
        }
    }

    fn is_of_making(&self, request: RequestId) -> bool {
        self.find.making.as_ref().is_some_and(|making| making.request == request && making.is_under_way())
    }
}
