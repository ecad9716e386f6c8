//! The page's reducer, fed with events: what somebody does, and what workers and files answer, rightly or wrongly.

use headlight::edit;
use headlight::protocol::{
    self, About, Answer, FromWorker, ModelInfo, Question, Report, RequestId, RunInfo, TargetRead, ToWorker,
};
use headlight::state::editing::EditEvent;
use headlight::state::{
    Effect, EntryEvent, Event, Home, LinkEvent, OpenedTrace, ScoreEvent, SegmentFilter, SelectionEvent, StartEvent,
    State, Theme, TokenRef, TraceEvent, Variant, View, ViewEvent, WorkEvent, WorkerEvent,
};
use headlight::trace::{AttnKind, Side, Spec, TokenForm, Tokens};

use super::Choices;

const CATALOGUE: &str = r#"[
    {"id":"small","name":"Small, F32","licence":"MIT","files":[{"name":"a","size":5,"sha256":"00"}]},
    {"id":"large","name":"Large, Q4_1","licence":"MIT","files":[{"name":"b","size":7,"sha256":"11"}]}]"#;

/// A page, and what it last asked of its worker and its trace.
struct Page {
    state: State,
    asked: Vec<(RequestId, Option<Question>)>,
}

/// Events chosen by the input. After each the state must be one that views can be made of.
pub fn reducer(data: &[u8]) {
    let mut choices = Choices(data);
    let home = *choices.pick(&[Home::Page, Home::Page, Home::Embed, Home::File]);
    let mut page = Page { state: State::at(home, "http://host/".to_owned(), Theme::System), asked: Vec::new() };
    page.tell(Event::Start(StartEvent::Opened));
    page.tell(Event::Start(StartEvent::CatalogueCame(Ok(CATALOGUE.to_owned()))));
    while !choices.0.is_empty() {
        let event = if choices.byte() & 3 == 0 { page.answer(&mut choices) } else { act(&mut choices) };
        page.tell(event);
    }
}

impl Page {
    fn tell(&mut self, event: Event) {
        for effect in self.state.update(event) {
            match effect {
                Effect::Send(ToWorker::Ask { request, question, .. }) | Effect::AskTrace { request, question, .. } => {
                    self.asked.push((request, Some(question)));
                }
                Effect::Send(message) => self.asked.extend(message.request().map(|request| (request, None))),
                _ => {}
            }
        }
        if self.asked.len() > 16 {
            self.asked.drain(..8);
        }
        let Some(shown) = &self.state.shown else { return };
        let (shape, selection) = (shown.shape(), &self.state.selection);
        assert!(selection.layer < shape.n_layers.max(1), "layer {} of {shape:?}", selection.layer);
        assert!(selection.heads.iter().all(|head| *head < shape.n_heads), "{:?} of {shape:?}", selection.heads);
        assert!(selection.queries.iter().all(|query| *query < shape.n_query), "{:?} of {shape:?}", selection.queries);
        assert!(selection.keys.iter().all(|key| *key < shape.n_key), "{:?} of {shape:?}", selection.keys);
        if let Some(drawn) = &shown.drawn {
            assert_eq!(drawn.values.len(), drawn.n_heads * drawn.n_query * drawn.n_key);
            assert_eq!((drawn.n_query, drawn.n_key), (shape.n_query, shape.n_key), "what is drawn is of this result");
        }
    }

    /// What a worker, a file or the network says.
    fn answer(&mut self, choices: &mut Choices<'_>) -> Event {
        let (request, question) = match self.asked.last().filter(|_| !choices.seldom()) {
            Some(asked) => asked.clone(),
            None => (u32::from(choices.byte()) % 40, None),
        };
        let said = |reply: FromWorker, buffers: Vec<Vec<f32>>| Event::Worker(WorkerEvent::Said(reply, buffers));
        match choices.byte() % 16 {
            0 => said(FromWorker::Ready { version: protocol::VERSION, threads: 1 }, Vec::new()),
            1 | 2 => said(FromWorker::Loaded { request, model: model(choices) }, Vec::new()),
            3..=5 => {
                let n_runs = usize::from(choices.byte() % 2) + 1;
                let runs = (0..n_runs).map(|_| run(choices)).collect();
                said(FromWorker::RunsDone { request, runs }, Vec::new())
            }
            6..=10 => {
                let (n_query, n_key) = (*choices.pick(&[5u32, 3, 4, 2]), *choices.pick(&[5u32, 3, 4, 2]));
                let (layer, heads) = match question {
                    Some(Question::Patterns { layer, heads } | Question::Thumbnails { layer, heads, .. }) => {
                        (layer, heads)
                    }
                    _ => (1, vec![0, 1]),
                };
                let n_values = heads.len() * (n_query * n_key) as usize + usize::from(choices.seldom());
                let answer = Answer::Patterns { layer, heads, n_query, n_key };
                said(FromWorker::Answered { request, run: 1, answer }, vec![vec![0.25; n_values]])
            }
            11 => {
                let about = *choices.pick(&[About::Request, About::Input, About::Model]);
                let report = Report { about, message: "Wrong.".to_owned() };
                said(FromWorker::Failed { request, report }, Vec::new())
            }
            12 => said(FromWorker::Cancelled { request }, Vec::new()),
            13 => Event::Worker(WorkerEvent::Broke("gone".to_owned())),
            14 => Event::Start(StartEvent::FirstCame(if choices.seldom() {
                Err("no".to_owned())
            } else {
                Ok(opened(choices))
            })),
            _ => {
                let number = self.state.traces.opening.as_ref().map_or(1, |(number, _)| *number);
                let opened = if choices.seldom() { Err("t: is wrong.".to_owned()) } else { Ok(opened(choices)) };
                Event::Trace(TraceEvent::Came { number, opened })
            }
        }
    }
}

/// What somebody does.
fn act(choices: &mut Choices<'_>) -> Event {
    let (layer, head) = (usize::from(choices.byte() % 9), usize::from(choices.byte() % 9));
    let side = *choices.pick(&[Side::Query, Side::Key]);
    let token = TokenRef { side, position: head };
    match choices.byte() % 34 {
        0 => Event::Select(SelectionEvent::LayerPicked(layer)),
        1 => Event::Select(SelectionEvent::LayerStepped(layer as isize - 4)),
        2 => Event::Select(SelectionEvent::HeadToggled(head)),
        3 => Event::Select(SelectionEvent::HeadSoloed(head)),
        4 => Event::Select(SelectionEvent::AllHeads),
        5 => Event::Select(SelectionEvent::HeadStepped(head as isize - 4)),
        6 => Event::Select(SelectionEvent::HeadPicked { layer, head }),
        7 => Event::Select(SelectionEvent::HeadOpened { layer, head }),
        8 => Event::Select(SelectionEvent::QueryOpened(head)),
        9 => Event::Select(SelectionEvent::QueryPicked(head)),
        10 => Event::Select(SelectionEvent::PinToggled(token)),
        11 => Event::Select(SelectionEvent::Hovered(Some(token).filter(|_| layer != 0))),
        12 => Event::Select(SelectionEvent::WeightHovered { query: layer, key: head }),
        13 => Event::Select(SelectionEvent::NeuronToggled(head)),
        14 => Event::Select(SelectionEvent::KindPicked(*choices.pick(&[
            AttnKind::ONLY,
            AttnKind::ENCODER,
            AttnKind::DECODER,
            AttnKind::CROSS,
        ]))),
        15 => Event::Select(SelectionEvent::ViewPicked(*choices.pick(View::EACH))),
        16 => Event::Select(SelectionEvent::TokensCleared),
        17 => Event::View(ViewEvent::LayersSeen((layer, head))),
        18 => Event::View(ViewEvent::SegmentPicked(*choices.pick(&[
            SegmentFilter::All,
            SegmentFilter::Ab,
            SegmentFilter::Bb,
        ]))),
        19 => Event::View(ViewEvent::SideBySide(head & 1 == 0)),
        20 => Event::Scores(if layer == 0 { ScoreEvent::SeedsAsked } else { ScoreEvent::Asked }),
        21 => Event::Entry(EntryEvent::TextEdited("ab c".to_owned())),
        22 => Event::Entry(EntryEvent::ExamplePicked(head)),
        23 | 24 => Event::Work(WorkEvent::RunAsked),
        25 => Event::Work(WorkEvent::CancelAsked),
        26 => Event::Work(WorkEvent::ModelPicked(head)),
        27 => Event::Work(WorkEvent::RetryAsked),
        28 => Event::Link(LinkEvent::Came(link(choices))),
        29 => Event::Trace(TraceEvent::FileChosen("t.safetensors".to_owned())),
        30 => Event::Editing(EditEvent::VariantPicked(*choices.pick(&Variant::EACH))),
        31 => {
            let json = format!(r#"[{{"kind":"zero_head","layer":{layer},"head":{head}}}]"#);
            Event::Editing(EditEvent::Added(edit::parse_list(&json).unwrap_or_default()))
        }
        32 => Event::Editing(
            choices
                .pick(&[
                    EditEvent::Undone,
                    EditEvent::Redone,
                    EditEvent::Cleared,
                    EditEvent::TokenTakenBack,
                    EditEvent::WriteAsked(2),
                    EditEvent::TokenPicked(3),
                    EditEvent::BranchPicked(2, 1),
                ])
                .clone(),
        ),
        _ => Event::NoticeDismissed,
    }
}

fn link(choices: &mut Choices<'_>) -> String {
    let part = *choices.pick(&[
        "layer=2&heads=1",
        "layer=99&heads=99,3",
        "stack=decoder&attn=cross",
        "query=9&key=0",
        "view=neuron&neuron=400",
        "model=large&text=x",
        "ids=1,2",
        "edits=%5B%7B%22kind%22%3A%22zero_head%22%2C%22layer%22%3A0%2C%22head%22%3A1%7D%5D",
        "trace=http://host/t.safetensors",
        "segment=ab",
    ]);
    format!("v=1&{part}")
}

fn tokens(n_tokens: usize, segments: Vec<usize>) -> Tokens {
    Tokens {
        tokens: (0..n_tokens).map(|at| format!("w{at}")).collect(),
        ids: (0..n_tokens as u32).collect(),
        form: TokenForm::Plain,
        offsets: vec![(0, 0); n_tokens],
        special: vec![false; n_tokens],
        segments,
        type_ids: Vec::new(),
    }
}

fn spec(choices: &mut Choices<'_>) -> Spec {
    let n_heads = *choices.pick(&[4usize, 2, 6]);
    let one = Spec {
        architecture: "bert".to_owned(),
        n_layers: *choices.pick(&[6usize, 3, 1]),
        n_heads,
        n_key_value_heads: n_heads,
        d_model: 8,
        d_head: 2,
        d_mlp: 8,
        d_vocab: 10,
        n_ctx: 512,
        ..Spec::default()
    };
    if choices.seldom() { Spec { encoder: Some(Box::new(Spec { n_layers: 2, ..one.clone() })), ..one } } else { one }
}

fn model(choices: &mut Choices<'_>) -> ModelInfo {
    ModelInfo {
        name: "Small, F32".to_owned(),
        quantisation: "F32".to_owned(),
        spec: spec(choices),
        weight_bytes: 5,
        memory_bytes: 6,
        from_storage: false,
        unkept: None,
        notes: Vec::new(),
        has_tokenizer: !choices.seldom(),
        adds_bos: None,
        has_chat: !choices.seldom(),
    }
}

fn run(choices: &mut Choices<'_>) -> RunInfo {
    let target = choices.seldom().then(|| TargetRead {
        tokens: tokens(3, Vec::new()),
        is_generated: true,
        predicted: Vec::new(),
    });
    RunInfo {
        run: u32::from(choices.byte() % 4),
        tokens: tokens(*choices.pick(&[5usize, 3, 4, 2]), Vec::new()),
        target,
        text: String::new(),
        turns: Vec::new(),
        n_cut: 0,
        elapsed_ms: 1.0,
        top: Vec::new(),
        memory_bytes: 7,
    }
}

fn opened(choices: &mut Choices<'_>) -> OpenedTrace {
    let spec = spec(choices);
    let n_tokens = *choices.pick(&[5usize, 3, 4, 2]);
    let target = spec.encoder.as_ref().map(|_| tokens(3, Vec::new()));
    let kinds: &[AttnKind] = if target.is_some() { &AttnKind::THREE } else { &[AttnKind::ONLY] };
    let first = usize::from(choices.byte()) % kinds.len();
    let missing = if choices.seldom() { [0].into() } else { Default::default() };
    OpenedTrace {
        model: Default::default(),
        spec,
        tokens: tokens(n_tokens, if choices.seldom() { vec![0, 1] } else { Vec::new() }),
        target,
        text: "a".to_owned(),
        pair: None,
        edits: Vec::new(),
        outcome: None,
        top: Vec::new(),
        place: None,
        held: kinds[first..].iter().map(|kind| (*kind, Clone::clone(&missing))).collect(),
        cross_spec: None,
        sinks: Vec::new(),
    }
}
