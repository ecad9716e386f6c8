//! The events of the workbench.

use std::sync::Arc;

use super::RowsRead;
use super::atlas::AtlasEvent;
use super::form::Form;
use super::masks::MaskAsked;
use super::resumed::KeptSearch;
use super::search::{Search, Stage};
use super::set::{Format, SetSource};
use crate::edit::Edit;
use crate::protocol::{FindAsked, FindReply, FindRequest, Report, RequestId, ToWorker};
use crate::sets::Role;
use crate::sets::made::Made;
use crate::state::work::UnderWay;
use crate::state::{Effect, Progress, State, View, WorkerPhase, wording};

/// Something happens on the workbench.
#[derive(Debug, PartialEq)]
pub enum FindEvent {
    /// A made set is picked, by its place in `Made::ALL`.
    MadePicked(usize),
    /// How many rows it is to have.
    RowsTyped(String),
    /// Another seed.
    SeedTyped(String),
    /// Make it.
    MakeAsked,
    /// A set is typed.
    Typed(String),
    /// The form of what is typed.
    FormatPicked(Format),
    /// Read what is typed.
    ReadAsked,
    /// A file was picked or dropped: its name, and its bytes or why they could not be read.
    FileCame(String, Result<Vec<u8>, String>),
    /// A column is given a role, or none.
    ColumnGiven(Role, Option<String>),
    /// What is measured.
    FormChanged(Form),
    /// Measure every head.
    SearchAsked,
    /// A search that was kept over a reload is here, or is not wanted.
    ResumeOffered(Option<Arc<KeptSearch>>),
    /// Go on with it.
    ResumeAsked,
    /// Let the search, the trials or the atlas rest, or go on.
    PauseAsked(bool),
    /// A head is chosen, by its place among all.
    HeadPicked(usize),
    /// The curve of the chosen head over distance is wanted.
    CurveAsked,
    /// What the chosen units of the curve are multiplied by.
    FactorSet(f64),
    /// How many units are scaled.
    UnitsSet(usize),
    /// The scaled units become an edit of the page.
    CurveApplied,
    /// A row is opened in the other views with the chosen head, by its index in the set.
    RowOpened(usize),
    /// Recall of the set's needles with and without the edits.
    RecallAsked,
    /// What a mask does, beside random ones.
    MaskAsked(MaskAsked),
    /// Something happens to the atlases of heads.
    Atlas(AtlasEvent),
}

impl State {
    pub(in crate::state) fn find_event(&mut self, event: FindEvent, effects: &mut Vec<Effect>) {
        if let Some(later) = self.later() {
            (later.find_event)(self, event, effects);
        }
    }

    pub(in crate::state) fn late_find_event(&mut self, event: FindEvent, effects: &mut Vec<Effect>) {
        let find = &mut self.find;
        match event {
            FindEvent::MadePicked(made) => find.made = made.min(Made::ALL.len() - 1),
            FindEvent::RowsTyped(text) => find.n_rows = text,
            FindEvent::SeedTyped(text) => find.seed = text,
            FindEvent::MakeAsked => match find.made_source() {
                Ok(source) => find.read_anew(source),
                Err(problem) => find.problem = Some(problem),
            },
            FindEvent::Typed(text) => find.typed = text,
            FindEvent::FormatPicked(format) => find.format = format,
            FindEvent::ReadAsked => find.read_anew(SetSource::Typed(find.format, find.typed.clone())),
            FindEvent::FileCame(name, Ok(bytes)) => {
                find.read_anew(SetSource::File(name, bytes));
                self.selection.view = View::Find;
            }
            FindEvent::FileCame(_, Err(reason)) => {
                find.problem = Some(reason);
            }
            FindEvent::ColumnGiven(role, column) => {
                match column {
                    Some(column) => _ = find.columns.0.insert(role, column),
                    None => _ = find.columns.0.remove(&role),
                }
                find.read();
            }
            FindEvent::FormChanged(form) => find.form = form,
            FindEvent::SearchAsked => self.search_asked(effects),
            FindEvent::ResumeOffered(kept) => (find.resumable, find.is_kept_when_left) = (kept, true),
            FindEvent::ResumeAsked => self.resume_asked(effects),
            FindEvent::PauseAsked(is_paused) => self.pause_search(is_paused, effects),
            FindEvent::HeadPicked(head) => (find.head, find.curve) = (Some(head), None),
            FindEvent::RowOpened(row) => self.open_row(row, effects),
            FindEvent::RecallAsked => self.recall_asked(effects),
            FindEvent::MaskAsked(asked) => self.mask_asked(asked, effects),
            FindEvent::Atlas(event) => self.atlas_event(event, effects),
            FindEvent::CurveAsked | FindEvent::FactorSet(_) | FindEvent::UnitsSet(_) | FindEvent::CurveApplied => {
                self.curve_event(event, effects);
            }
        }
    }

    fn search_asked(&mut self, effects: &mut Vec<Effect>) {
        self.stop_search("another search was begun", effects);
        let Some(set) = self.find.set.clone() else {
            self.find.problem = Some("There is no set yet: make one, or give one.".to_owned());
            return;
        };
        if let Some(Err(problem)) = self.find.form.linked() {
            self.find.problem = Some(problem);
            return;
        }
        let (n_permutations, seed) = match (self.find.n_permutations(), self.find.seed()) {
            (Ok(n_permutations), Ok(seed)) => (n_permutations, seed),
            (Err(problem), _) | (_, Err(problem)) => {
                self.find.problem = Some(problem);
                return;
            }
        };
        self.find.problem = None;
        let form = self.find.form.clone();
        self.find.n_searches += 1;
        (self.find.head, self.find.curve) = (None, None);
        let edits = self.edits_of_form(&form);
        self.find.search = Some(Arc::new(Search { edits, form, ..Search::waiting(set, seed, n_permutations) }));
        self.find.resumable = None;
        self.run_for_model(effects);
    }

    /// Loads a model where there is none. The text in the fields is run on the way, so that the views show this model.
    pub(super) fn run_for_model(&mut self, effects: &mut Vec<Effect>) {
        if self.work.model.is_none() && self.work.request.is_none() && self.work.planned.is_none() {
            self.run(false, effects);
        }
    }

    /// The edits that act while something is measured: those that are switched on, where the form says so.
    fn edits_of_form(&self, form: &Form) -> Vec<Edit> {
        if form.has_edits { self.editing.switched_on() } else { Vec::new() }
    }

    /// Asks for what the workbench lacks, once the model is here and nobody else waits for it.
    pub(in crate::state) fn follow_find(&mut self, effects: &mut Vec<Effect>) {
        if let Some(linked) = self.find.linked.take() {
            self.find.open_linked(&linked);
        }
        let is_waiting = self.find.search.as_ref().is_some_and(|search| search.stage == Stage::Waiting);
        if self.work.request.is_some() || self.follow_trials(effects) || self.follow_making(effects) {
            return;
        }
        let Some(model) = self.work.model.as_ref().filter(|_| self.work.worker == WorkerPhase::Ready) else {
            if is_waiting && self.work.planned.is_none() {
                self.end_search("no model was loaded: see the message above".to_owned());
            }
            return;
        };
        let (name, n_layers, n_heads) = (model.name.clone(), model.spec.n_layers, model.spec.n_heads);
        let is_causal = model.spec.is_causal();
        if is_waiting && let Some(search) = self.find.search.clone() {
            let identity = self.work.model.as_ref().map(|model| self.identity(model)).unwrap_or_default();
            if !self.is_of_this_model(&search, &name, &identity) {
                return;
            }
            let (lines, sent) = match search.form.sent(&search.set, is_causal) {
                Ok(sent) => sent,
                Err(problem) => return self.end_search(problem),
            };
            let known = search.values.iter().filter_map(|(row, values)| Some((sent.of_set(*row)?, values.to_vec())));
            let known = known.collect();
            let asked = search.form.asked(lines, search.edits.clone(), (search.seed, search.n_permutations));
            let asked = FindAsked { known, ..asked };
            let request = self.request();
            self.change_search(|search| {
                (search.sent, search.identity, search.resumed) = (sent, identity, None);
                (search.request, search.stage, search.model) = (request, Stage::Running, name);
                (search.n_layers, search.n_heads) = (n_layers, n_heads);
            });
            effects.push(Effect::Send(ToWorker::Find(FindRequest::Search { request, asked, aligns_only: false })));
            return;
        }
        let is_beside = self.pane().is_some_and(|(view, _)| view == View::Find);
        let is_seen = is_beside || self.selection.view == View::Find;
        let Some(set) = self.find.set.clone().filter(|_| is_seen) else { return };
        let key = self.find.form.key(&set.hash);
        let is_known = self.find.aligned.as_ref().is_some_and(|read| read.key == key);
        if is_known || self.find.aligning.as_ref().is_some_and(|(_, asked, _)| *asked == key) {
            return;
        }
        let (lines, sent) = match self.find.form.sent(&set, is_causal) {
            Ok(sent) => sent,
            Err(problem) => {
                self.find.aligned = Some(Arc::new(RowsRead { key, problem: Some(problem), ..RowsRead::default() }));
                return;
            }
        };
        let asked = self.find.form.asked(lines, self.edits_of_form(&self.find.form), (0, 0));
        let request = self.request();
        self.find.aligning = Some((request, key, sent));
        effects.push(Effect::Send(ToWorker::Find(FindRequest::Search { request, asked, aligns_only: true })));
    }

    /// What the worker says of a search.
    pub(in crate::state) fn find_said(&mut self, reply: FindReply, buffers: Vec<Vec<f32>>) {
        if self.making_said(&reply, &buffers) {
            return;
        }
        match reply {
            FindReply::Aligned { request, mut rows, mut refused, notes } => {
                let (key, sent) = match self.find.search.as_ref().filter(|search| search.request == request) {
                    Some(search) => (search.form.key(&search.set.hash), search.sent.clone()),
                    None => match self.find.aligning.take_if(|(asked, ..)| *asked == request) {
                        Some((_, key, sent)) => (key, sent),
                        None => return,
                    },
                };
                sent.in_set(&mut rows, &mut refused);
                if self.is_of_search(request) {
                    let (rows, n_refused) = (Arc::new(rows.clone()), refused.len());
                    self.change_search(|search| (search.rows, search.n_refused) = (rows, n_refused));
                }
                self.find.aligned = Some(Arc::new(RowsRead { key, rows, refused, notes, problem: None }));
            }
            FindReply::Row { request, row } if self.is_of_search(request) => {
                let values: Arc<[f32]> = buffers.into_iter().next().unwrap_or_default().into();
                self.change_search(|search| _ = search.values.insert(search.sent.row(row) as usize, values));
            }
            FindReply::Done { request, found } if self.is_of_search(request) => self.change_search(|search| {
                (search.found, search.stage, search.progress) = (Some(Arc::new(found)), Stage::Done, None);
            }),
            FindReply::Texts { request, lengths, scale } => self.texts_came(request, &lengths, scale, buffers),
            FindReply::Row { .. } | FindReply::Done { .. } | FindReply::AtlasText { .. } => {}
            FindReply::Begun { .. } | FindReply::Trial { .. } | FindReply::AllRun { .. } => {
                self.trials_said(reply, buffers);
            }
        }
    }

    /// A request ended without an answer: says whether it is the workbench's.
    pub(in crate::state) fn find_ended(&mut self, request: RequestId, report: Option<&Report>) -> bool {
        let reason = report.map(|report| wording::sentence(&report.message));
        if let Some((_, key, _)) = self.find.aligning.take_if(|(asked, ..)| *asked == request) {
            self.find.aligned = Some(Arc::new(RowsRead { key, problem: reason, ..RowsRead::default() }));
            return true;
        }
        if self.curve_ended(request, report) || self.trials_ended(request, report) || self.making_ended(request, report)
        {
            return true;
        }
        let is_its = self.is_of_search(request);
        if is_its {
            self.end_search(reason.unwrap_or_else(|| "stopped".to_owned()));
        }
        is_its
    }

    /// Notes how far the search is: says whether the request is one.
    pub(in crate::state) fn find_progressed(&mut self, request: RequestId, progress: Progress) -> bool {
        let is_its = self.is_of_search(request);
        if is_its {
            self.change_search(|search| search.progress = Some(progress));
        }
        is_its || self.trials_progressed(request, progress) || self.making_progressed(request, progress)
    }

    /// The worker is gone: its search ends, and another one may read the rows otherwise.
    pub(in crate::state) fn find_lost_worker(&mut self) {
        (self.find.aligned, self.find.aligning) = (None, None);
        if self.find.search.as_ref().is_some_and(|search| matches!(search.stage, Stage::Running | Stage::Paused)) {
            self.end_search("the model was closed".to_owned());
        }
        if self.find.trials.as_ref().is_some_and(|trials| matches!(trials.stage, Stage::Running | Stage::Paused)) {
            self.end_trials("the model was closed".to_owned());
        }
        if self.find.making.as_ref().is_some_and(|making| matches!(making.stage(), Stage::Running | Stage::Paused)) {
            self.end_making("the model was closed".to_owned());
        }
    }

    fn is_of_search(&self, request: RequestId) -> bool {
        self.find.search.as_ref().is_some_and(|search| search.request == request && search.is_under_way())
    }

    pub(super) fn change_search(&mut self, change: impl FnOnce(&mut Search)) {
        if let Some(search) = &mut self.find.search {
            change(Arc::make_mut(search));
        }
    }

    fn end_search(&mut self, reason: String) {
        self.change_search(|search| (search.stage, search.progress) = (Stage::Stopped(reason), None));
    }

    /// Stops the search, the trials or the atlas under way; their numbers stay. Says whether there was one.
    pub(in crate::state) fn stop_search(&mut self, reason: &str, effects: &mut Vec<Effect>) -> bool {
        let Some(request) =
            self.find.search.as_ref().filter(|search| search.is_under_way()).map(|search| search.request)
        else {
            return self.stop_trials(reason, effects) || self.stop_making(reason, effects);
        };
        if request != 0 {
            effects.push(Effect::Send(ToWorker::Cancel { request }));
        }
        self.end_search(reason.to_owned());
        true
    }

    fn pause_search(&mut self, is_paused: bool, effects: &mut Vec<Effect>) {
        let (from, to) = if is_paused { (Stage::Running, Stage::Paused) } else { (Stage::Paused, Stage::Running) };
        let Some(request) =
            self.find.search.as_ref().filter(|search| search.stage == from).map(|search| search.request)
        else {
            self.pause_making(&from, to.clone(), is_paused, effects);
            return self.pause_trials(from, to, is_paused, effects);
        };
        self.change_search(|search| search.stage = to);
        effects.push(Effect::Send(ToWorker::Pause { request, is_paused }));
    }

    /// What the status line says of trials, a search or an atlas, where nothing else is under way.
    pub(in crate::state) fn search_under_way(&self) -> Option<UnderWay> {
        let trials = self.find.trials.as_ref().filter(|trials| trials.is_under_way());
        let trials = trials.map(|trials| (trials.status(), trials.progress, &trials.stage, trials.request()));
        let search = || {
            let search = self.find.search.as_ref().filter(|search| search.is_under_way())?;
            Some((search.status(), search.progress, &search.stage, search.request))
        };
        let making = || {
            let making = self.find.making.as_ref().filter(|making| making.is_under_way())?;
            Some((making.status(), making.progress(), making.stage(), making.request()))
        };
        let (text, progress, stage, request) = trials.or_else(search).or_else(making)?;
        let is_resting = u8::from(*stage == Stage::Paused);
        Some(UnderWay {
            text,
            fraction: progress.map(|progress| progress.fraction()),
            can_stop: true,
            id: (crate::state::work::FIND + is_resting, request),
        })
    }
}
