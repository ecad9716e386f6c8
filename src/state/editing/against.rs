//! What B is: the text under edits, another text, a trace, or another model. All must fit A position by position.

use super::{Against, SecondWorker, TraceBeside};
use crate::protocol::{self, FromWorker, Input, InputText, ModelInfo, RequestId, RunInfo, ToWorker};
use crate::state::requests::{Holder, Purpose, Reply};
use crate::state::{Effect, Origin, Progress, Second, Shown, State, Task, wording};
use crate::trace::Tokens;
use crate::trace::display::token_label;
use crate::trace::file::ModelName;

impl State {
    pub(super) fn against_picked(&mut self, against: Against, effects: &mut Vec<Effect>) {
        self.editing.against_problem = None;
        self.editing.alone.clear();
        self.drop_b(effects);
        self.end_second_worker(effects);
        self.editing.against = against.clone();
        match against {
            Against::Edits => self.apply_edits(effects),
            Against::Text(text) => {
                self.compare(effects);
                self.run_text_beside(text, effects);
            }
            // The trace becomes B once it is opened.
            Against::Trace(_) => self.compare(effects),
            Against::Model(model) => {
                self.compare(effects);
                match self.models.get(model) {
                    Some(entry) if entry.asks() => self.editing.second_worker = SecondWorker::Asking,
                    _ => self.start_second_worker(effects),
                }
            }
        }
    }

    /// Loads the other model after its size was asked about.
    pub(super) fn second_model_agreed(&mut self, effects: &mut Vec<Effect>) {
        if self.editing.second_worker == SecondWorker::Asking {
            self.start_second_worker(effects);
        }
    }

    fn start_second_worker(&mut self, effects: &mut Vec<Effect>) {
        self.editing.second_worker = SecondWorker::Starting;
        effects.push(Effect::StartSecondWorker);
    }

    /// Runs another text in the same model. Where A is a pair, a line break parts the two texts of B.
    fn run_text_beside(&mut self, text: String, effects: &mut Vec<Effect>) {
        let Some(a) = self.shown.as_ref().filter(|shown| shown.live_run.is_some()) else {
            self.editing.against_problem =
                Some("Run the first text in the model: another one is compared with it.".to_owned());
            return;
        };
        let (bos, target) = (a.input.bos, a.input.target.clone());
        let text = other_text(a, &text);
        let request = self.begin_task(Task::Against, effects);
        let inputs = vec![Input { text, cut: false, bos, target }];
        effects.push(Effect::Send(ToWorker::Run { request, inputs, edits: Vec::new() }));
    }

    /// Takes the run of another text as B.
    pub(in crate::state) fn text_beside_came(&mut self, request: RequestId, info: RunInfo, effects: &mut Vec<Effect>) {
        let Some(a) = self.result(super::Variant::A) else { return };
        let (n_a, n_b) = (a.info.tokens.len(), info.tokens.len());
        if n_a != n_b {
            effects.push(Effect::Send(ToWorker::Forget { run: info.run }));
            self.editing.against_problem = Some(format!(
                "The original has {n_a} tokens and the other text {n_b}. They are compared position by position, so both must \
                 have the same number."
            ));
            return;
        }
        let b = beside(a, request, info);
        let text = match &self.editing.against {
            Against::Text(text) => other_text(a, text),
            _ => b.asked.clone(),
        };
        let input = Input { text: text.clone(), ..b.input.clone() };
        let b = Shown { live_run: Some(b.info.run), asked: text, input, ..b };
        self.set_b(b, effects);
    }

    /// Takes an opened trace as B.
    pub(super) fn trace_beside_came(&mut self, came: Result<TraceBeside, String>, effects: &mut Vec<Effect>) {
        let Some(a) = self.result(super::Variant::A) else { return };
        let fits =
            came.and_then(|trace| fits(a, "the trace", &trace.tokens, trace.has_ids, trace.sizes).map(|()| trace));
        let trace = match fits {
            Ok(trace) => trace,
            Err(problem) => {
                self.editing.against_problem = Some(problem);
                return;
            }
        };
        self.against_picked(Against::Trace(trace.file.clone()), effects);
        let request = self.request();
        let Some(a) = &self.shown else { return };
        let info = RunInfo { tokens: trace.tokens, top: Vec::new(), ..a.info.clone() };
        let spec = trace.spec.unwrap_or_else(|| a.spec.clone());
        let b = Shown {
            second: Some(Second::Trace),
            is_trace: true,
            live_run: None,
            model_name: trace.file.clone(),
            spec,
            origin: named(trace.file),
            ..beside(a, request, info)
        };
        self.set_b(b, effects);
    }

    /// Handles what the worker that holds another model says.
    pub(in crate::state) fn second_worker_said(
        &mut self,
        reply: FromWorker,
        buffers: Vec<Vec<f32>>,
        effects: &mut Vec<Effect>,
    ) {
        let Against::Model(model) = self.editing.against else { return };
        match (reply, self.editing.second_worker) {
            (FromWorker::Ready { version, .. }, SecondWorker::Starting) if version == protocol::VERSION => {
                let wanted = self.models.get(model).map(|entry| (entry.source(&self.base_url), entry.n_layers));
                let Some((source, n_layers)) = wanted else { return };
                self.editing.second_worker = SecondWorker::Ready;
                let load = |request| ToWorker::Load { request, source, n_layers };
                self.ask_second(Purpose::LoadSecond(model), load, effects);
            }
            (FromWorker::Ready { .. }, SecondWorker::Starting) => {
                self.second_worker_failed(
                    "This page and its model program are different versions.".to_owned(),
                    effects,
                );
            }
            (FromWorker::Progress { request, stage, done, total }, _) => {
                self.requests.progressed(request, Progress { stage, done, total });
            }
            (FromWorker::Loaded { request, model }, _) => {
                self.replied(request, Reply::Loaded(Box::new(model)), effects);
            }
            (FromWorker::RunsDone { request, runs }, _) => {
                if let Some(info) = runs.into_iter().next() {
                    self.replied(request, Reply::Ran(Box::new(info)), effects);
                }
            }
            (FromWorker::Answered { request, answer, .. }, _) => {
                self.replied(request, Reply::Answer(answer, buffers), effects);
            }
            (FromWorker::Editing(reply), _) => self.editing_said(reply, effects),
            (FromWorker::Failed { request, report }, _) => self.ended(request, Some(report), effects),
            (FromWorker::Cancelled { request }, _) => self.ended(request, None, effects),
            _ => {}
        }
    }

    /// Asks the worker that holds another model for what B requires.
    fn ask_second(&mut self, purpose: Purpose, message: impl FnOnce(RequestId) -> ToWorker, effects: &mut Vec<Effect>) {
        let request = self.request();
        effects.push(Effect::SendSecond(message(request)));
        self.note_asked(purpose, vec![(request, Holder::SecondWorker(0))]);
    }

    /// The other model is loaded: it runs A's input.
    pub(in crate::state) fn second_model_loaded(&mut self, model: ModelInfo, effects: &mut Vec<Effect>) {
        self.tell_unkept(&model);
        let Some(a) = self.result(super::Variant::A) else { return };
        let (own, other) = ((a.spec.n_layers, a.spec.n_heads), (model.spec.n_layers, model.spec.n_heads));
        if own != other {
            let problem = shapes_differ(own, THE_MODEL, other);
            return self.second_worker_failed(problem, effects);
        }
        let input = a.input.clone();
        let inputs = vec![input.clone()];
        let run = |request| ToWorker::Run { request, inputs, edits: Vec::new() };
        self.ask_second(Purpose::RunSecond(input), run, effects);
    }

    /// Takes the run of another model as B.
    pub(in crate::state) fn second_model_ran(&mut self, request: RequestId, info: RunInfo, effects: &mut Vec<Effect>) {
        let Against::Model(model) = self.editing.against else { return };
        let name = self.models.get(model).map_or_else(String::new, |entry| entry.name.clone());
        let Some(a) = self.result(super::Variant::A) else { return };
        let own = (a.spec.n_layers, a.spec.n_heads);
        if let Err(problem) = fits(a, THE_MODEL, &info.tokens, true, own) {
            return self.second_worker_failed(problem, effects);
        }
        let second = Some(Second::Run(info.run));
        let origin = named(name.clone());
        let b = Shown { second, live_run: None, model_name: name, origin, ..beside(a, request, info) };
        self.set_b(b, effects);
    }

    /// Ends the second worker, drops B and says why.
    pub(in crate::state) fn second_worker_failed(&mut self, problem: String, effects: &mut Vec<Effect>) {
        if self.editing.second_worker == SecondWorker::Absent {
            return;
        }
        self.drop_b(effects);
        self.end_second_worker(effects);
        self.editing.against_problem = Some(problem);
        self.compare(effects);
    }

    /// Asks whether a large model is to be loaded beside that of A: a sentence, and what the button says.
    pub fn second_model_question(&self) -> Option<(String, String)> {
        let Against::Model(model) = self.editing.against else { return None };
        let entry = self.models.get(model).filter(|_| self.editing.second_worker == SecondWorker::Asking)?;
        let size = wording::bytes(entry.size());
        let question = format!(
            "{} stays in memory beside the first model and takes {size}, downloaded unless this browser has stored it.",
            entry.name
        );
        Some((question, format!("Load {size} to compare")))
    }

    /// What is being done to make the other model B.
    pub fn second_model_status(&self) -> Option<&'static str> {
        match (self.editing.second_worker, self.editing.second_asked.pending()) {
            (SecondWorker::Starting, _) | (_, Some(Purpose::LoadSecond(_))) => Some("Loading the other model …"),
            (_, Some(_)) => Some("Running the other model …"),
            (_, None) => None,
        }
    }
}

/// Another text for the model of A. Where A is a pair, a line break parts the two texts.
fn other_text(a: &Shown, text: &str) -> InputText {
    match (&a.input.text, text.split_once('\n')) {
        (InputText::Pair(..), Some((first, second))) => InputText::Pair(first.to_owned(), second.to_owned()),
        _ => InputText::Single(text.to_owned()),
    }
}

/// The origin of a result that another worker or a trace holds, for captions.
fn named(name: String) -> Origin {
    Origin { model: ModelName { name, ..ModelName::default() }, ..Origin::default() }
}

/// A result beside A, with A's model and another run.
fn beside(a: &Shown, request: RequestId, info: RunInfo) -> Shown {
    let labels = info.tokens.tokens.iter().map(|token| token_label(token, info.tokens.form)).collect();
    Shown { request, labels, info, layers: Default::default(), drawn: None, ..a.clone() }
}

/// What the other model is called in sentences.
const THE_MODEL: &str = "the other model";

/// Checks that `what` can be compared with A.
///
/// # Errors
/// One sentence why it cannot.
fn fits(a: &Shown, what: &str, tokens: &Tokens, has_ids: bool, sizes: (usize, usize)) -> Result<(), String> {
    let own = (a.spec.n_layers, a.spec.n_heads);
    if own != sizes {
        return Err(shapes_differ(own, what, sizes));
    }
    let (n_a, n_b) = (a.info.tokens.len(), tokens.len());
    if n_a != n_b {
        return Err(format!("The original has {n_a} tokens and {what} {n_b}: both must have the same tokens."));
    }
    // Ids are the more reliable comparison, but a trace made elsewhere may have none.
    let first = match has_ids {
        true => (0..n_a).find(|&at| a.info.tokens.ids[at] != tokens.ids[at]),
        false => (0..n_a).find(|&at| a.info.tokens.tokens[at] != tokens.tokens[at]),
    };
    match first {
        None => Ok(()),
        Some(at) => Err(format!(
            "{}{} has read a different text: token {at} is “{}” there and “{}” in the original.",
            &what[..1].to_ascii_uppercase(),
            &what[1..],
            tokens.tokens[at],
            a.info.tokens.tokens[at],
        )),
    }
}

fn shapes_differ(
    (n_layers, n_heads): (usize, usize),
    what: &str,
    (other_layers, other_heads): (usize, usize),
) -> String {
    format!(
        "The original has {n_layers} layers × {n_heads} heads and {what} {other_layers} × {other_heads}: only models of the \
         same shape can be compared."
    )
}
