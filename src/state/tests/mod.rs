//! The reducer as tables of events and effects, with a worker that only the tests play.

mod atlas;
mod chat;
mod earlier;
mod find;
mod labels;
mod lifecycle;
mod looking;
mod more_models;
mod outcomes;
mod panes;
mod provenance;
mod quantities;
mod readings;
mod requests;
mod scales;
mod scores;
mod start;
mod stream;
mod traces;
mod trials;
mod two_stacks;
mod under_way;

pub(super) use requests::{answered, causal_page, edited_page};
pub(super) use start::opened;

use super::*;
use crate::protocol::{
    self, About, Answer, EditingRequest, FromWorker, Input, InputText, ModelInfo, Prediction, Question, Report,
    RequestId, RunInfo, Stage, TargetAsked, ToWorker,
};
use crate::trace::spec::Activation;
use crate::trace::{Spec, TokenForm, Tokens};

pub(super) const CATALOGUE: &str = r#"[
    {"id":"small","name":"Small, F32","licence":"MIT","files":[{"name":"a","size":5,"sha256":"00"}]},
    {"id":"large","name":"Large, Q4_1","licence":"MIT","files":[{"name":"b","size":7,"sha256":"11"}]}]"#;

/// A page and everything it asked for.
pub(super) struct Page {
    pub(super) state: State,
    pub(super) sent: Vec<ToWorker>,
    pub(super) done: Vec<Effect>,
}

impl Page {
    fn new() -> Self {
        let mut state = State::new("http://host/".to_owned(), Theme::System);
        // As if there were no trace of the first example: the page begins with the model.
        state.first = FirstScreen::Failed;
        Self { state, sent: Vec::new(), done: Vec::new() }
    }

    /// A page somewhere else, before anything has come.
    pub(super) fn at(home: Home) -> Self {
        let state = State::at(home, "http://host/".to_owned(), Theme::System);
        Self { state, sent: Vec::new(), done: Vec::new() }
    }

    /// A page whose first example is on screen, layer 0 drawn with all heads.
    pub(super) fn with_result() -> Self {
        let mut page = Self::new();
        page.state.selection = Selection::default();
        page.event(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
        page.load_and_run(6, 4);
        page
    }

    /// Plays a worker from its start to the patterns of the wanted layer.
    pub(super) fn load_and_run(&mut self, n_layers: usize, n_heads: usize) {
        self.ready();
        let request = self.last_request();
        self.says(FromWorker::Loaded { request, model: model(n_layers, n_heads) });
        self.finish_run();
        self.give_patterns();
    }

    fn ready(&mut self) {
        self.says(FromWorker::Ready { version: protocol::VERSION, threads: 1 });
    }

    pub(super) fn finish_run(&mut self) {
        let request = self.last_request();
        self.says(FromWorker::RunsDone { request, runs: vec![run(request, &["[CLS]", "a", "[SEP]", "b", "[SEP]"])] });
    }

    fn give_patterns(&mut self) {
        let ToWorker::Ask { request, run, question: Question::Patterns { layer, heads }, .. } = self.last() else {
            panic!("not patterns: {:?}", self.last())
        };
        let values = vec![layer as f32; heads.len() * 25];
        let answer = Answer::Patterns { layer, heads, n_query: 5, n_key: 5 };
        self.event(Event::Worker(WorkerEvent::Said(FromWorker::Answered { request, run, answer }, vec![values])));
    }

    pub(super) fn event(&mut self, event: Event) {
        let before = event.is_hover().then(|| self.state.clone());
        let effects = self.state.update(event);
        // Whoever does not follow the pointer is not told of such an event.
        if let Some(mut before) = before.filter(|_| effects.is_empty()) {
            let Selection { hover, hover_other, hover_neuron, .. } = self.state.selection;
            (before.selection.hover, before.selection.hover_other) = (hover, hover_other);
            before.selection.hover_neuron = hover_neuron;
            assert_eq!(self.state, before, "a hover changed more than what the pointer is on");
        }
        for effect in effects {
            if let Effect::Send(message) = &effect {
                self.sent.push(message.clone());
            }
            self.done.push(effect);
        }
    }

    pub(super) fn says(&mut self, reply: FromWorker) {
        self.event(Event::Worker(WorkerEvent::Said(reply, Vec::new())));
    }

    fn fails(&mut self, about: About) {
        let request = self.last_request();
        self.says(FromWorker::Failed { request, report: Report { about, message: "Wrong.".to_owned() } });
    }

    fn last(&self) -> ToWorker {
        self.sent.last().cloned().expect("something was sent")
    }

    fn last_request(&self) -> RequestId {
        self.sent.iter().rev().find_map(ToWorker::request).expect("a request was sent")
    }

    /// The last request for a run with edits.
    fn last_edited_run(&self) -> RequestId {
        let edited = self.sent.iter().rev().find_map(|sent| match sent {
            ToWorker::Editing(EditingRequest::Again { request, .. }) => Some(*request),
            _ => None,
        });
        edited.expect("a run with edits was asked for")
    }

    pub(super) fn count(&self, effect: &Effect) -> usize {
        self.done.iter().filter(|done| *done == effect).count()
    }

    pub(super) fn drawn_layer(&self) -> Option<usize> {
        Some(self.state.shown.as_ref()?.drawn.as_ref()?.layer)
    }
}

fn model(n_layers: usize, n_heads: usize) -> ModelInfo {
    let name = if n_layers == 6 { "Small, F32" } else { "Large, Q4_1" };
    ModelInfo {
        name: name.to_owned(),
        quantisation: "F32".to_owned(),
        spec: spec(n_layers, n_heads),
        weight_bytes: 5,
        memory_bytes: 6,
        from_storage: false,
        unkept: None,
        notes: Vec::new(),
        has_tokenizer: true,
        adds_bos: None,
        has_chat: true,
    }
}

fn run(run: u32, tokens: &[&str]) -> RunInfo {
    RunInfo {
        run,
        tokens: Tokens {
            tokens: tokens.iter().map(|token| (*token).to_owned()).collect(),
            ids: (0..tokens.len() as u32).collect(),
            form: TokenForm::Wordpiece,
            offsets: vec![(0, 0); tokens.len()],
            special: vec![false; tokens.len()],
            segments: vec![0, 3],
            type_ids: Vec::new(),
        },
        target: None,
        text: String::new(),
        turns: Vec::new(),
        n_cut: 0,
        elapsed_ms: 1.0,
        top: Vec::new(),
        memory_bytes: 7,
    }
}

fn spec(n_layers: usize, n_heads: usize) -> Spec {
    Spec {
        architecture: "bert".to_owned(),
        n_layers,
        n_heads,
        n_key_value_heads: n_heads,
        d_model: 8,
        d_head: 2,
        d_mlp: 8,
        d_vocab: 10,
        n_ctx: 512,
        norm_eps: 1e-12,
        n_token_types: 2,
        activation: Activation::Gelu,
        ..Spec::default()
    }
}

fn pair(first: &str, second: &str, cut: bool) -> Input {
    Input { text: InputText::Pair(first.to_owned(), second.to_owned()), cut, bos: None, target: TargetAsked::Generated }
}
