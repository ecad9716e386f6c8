//! A trace that the page holds, and its answers.
//!
//! The file is read by ranges while questions are answered, and the browser gets a turn between pieces of work. A file of
//! moderate size is checked as a whole before it is shown, a larger one part by part as it is read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use crate::analysis::{AttentionSource, SourceError, TraceSource};
use crate::answers::{Reply, start_drawn};
use crate::fields::Fields;
use crate::platform::clock::now_ms;
use crate::platform::page::{base_url, fetch_bytes, fetch_text};
use crate::platform::ranged_file::RangedFile;
use crate::platform::turn::turn;
use crate::protocol::{About, Grid, Prediction, Question, Reduce, Report, RequestId};
use crate::state::editing::TraceBeside;
use crate::state::{OpenedTrace, RUNS_MODELS, TracePlace};
use crate::trace::file::{Parsed, Trace, TraceError, parse_header};
use crate::trace::{AttnKind, Side, Spec, Tokens};
use crate::ui::parts::reader::{Awaited, HeldTrace};
use crate::ui::parts::views;

/// Work goes on for this long before the browser gets a turn.
const TURN_MS: f64 = 12.0;

/// Bytes read from the start of a file; a longer header is read again whole.
const FIRST_BYTES: u64 = 64 << 10;

/// A file with more bytes of activations than this is checked as it is read.
const MAX_CHECKED_BYTES: u64 = 64 << 20;

/// Bytes checked at a time.
const PIECE_BYTES: u64 = 4 << 20;

/// An open trace file; clones share it.
#[derive(Clone)]
pub struct TraceInPage {
    /// The attentions of the file (one, or the three of an encoder-decoder model), each with the parts read for it.
    sources: Rc<RefCell<Vec<(AttnKind, TraceSource)>>>,
    trace: Arc<Trace>,
    file: Rc<RangedFile>,
    /// Questions that were cancelled.
    cancelled: Rc<RefCell<BTreeSet<RequestId>>>,
}

impl TraceInPage {
    /// Fetches the example that ships with the page.
    ///
    /// # Errors
    /// One sentence for the reader.
    pub async fn fetch_first() -> Result<(Self, OpenedTrace), String> {
        if !RUNS_MODELS {
            return Err("This page has no example.".to_owned());
        }
        let url = |name: &str| format!("{}example/{name}", base_url());
        let (trace_url, json_url) = (url("first.safetensors"), url("first.json"));
        // index.html preloads both files.
        let bytes = fetch_bytes(&trace_url).await?;
        let trace = Self::read(RangedFile::in_memory("first.safetensors", bytes)).await?;
        let json = fetch_text(&json_url).await?;
        let top = predictions(&json).map_err(|error| format!("first.json: {error}."))?;
        let opened = OpenedTrace { top, ..trace.opened(None) };
        Ok((trace, opened))
    }

    /// Opens a file that may hold anything.
    ///
    /// # Errors
    /// One sentence for the reader: what is wrong with the file.
    pub async fn open(file: RangedFile, place: TracePlace) -> Result<(Self, OpenedTrace), String> {
        if file.is_empty() {
            return Err(format!("{} is empty. A trace is a safetensors file.", file.name));
        }
        let trace = Self::read(file).await?;
        trace.check().await?;
        let opened = trace.opened(Some(place));
        Ok((trace, opened))
    }

    /// Reads the header and the ids.
    async fn read(file: RangedFile) -> Result<Self, String> {
        let mut n_bytes = FIRST_BYTES;
        let trace = loop {
            let prefix = file.read(0..n_bytes).await?;
            match parse_header(&file.name, file.len(), &prefix).map_err(words)? {
                Parsed::Complete(trace) => break trace,
                Parsed::Needs(more) if more > n_bytes => n_bytes = more,
                Parsed::Needs(_) => return Err(format!("{} ends early.", file.name)),
            }
        };
        let trace = Arc::new(trace);
        let sources = TraceSource::all(&trace);
        if !sources.iter().any(|(_, source)| source.is_held()) {
            let wanted =
                "neither patterns (attn.hook_pattern) nor queries and keys (attn.hook_q, attn.hook_k) of any layer";
            return Err(format!("{} holds no attention: {wanted}.", file.name));
        }
        let ids: Vec<(AttnKind, Range<u64>)> =
            sources.iter().flat_map(|(kind, source)| source.ids_bytes().into_iter().map(|ids| (*kind, ids))).collect();
        let sources = Rc::new(RefCell::new(sources));
        let this = Self { sources, trace, file: Rc::new(file), cancelled: Rc::default() };
        for (kind, range) in ids {
            this.bring(kind, range).await.map_err(|report| report.message)?;
        }
        Ok(this)
    }

    /// Decodes every number of a file that is not too large for it, and checks the patterns that will be made of them.
    async fn check(&self) -> Result<(), String> {
        if self.trace.n_activation_bytes() > MAX_CHECKED_BYTES {
            return Ok(());
        }
        let mut last_turn_ms = now_ms();
        for piece in self.trace.pieces(PIECE_BYTES) {
            let bytes = self.file.read(piece.bytes).await?;
            self.trace.decode_from(&piece.name, piece.first_row, &bytes).map_err(words)?;
            breathe(&mut last_turn_ms).await;
        }
        let held: Vec<(AttnKind, usize)> =
            held(&self.sources.borrow()).map(|(kind, source)| (kind, source.sizes().n_layers)).collect();
        for (kind, n_layers) in held {
            for layer in 0..n_layers {
                self.check_made(kind, layer).await.map_err(|reason| format!("{}: {reason}.", self.file.name))?;
                breathe(&mut last_turn_ms).await;
            }
        }
        Ok(())
    }

    /// Checks what a layer's patterns will be made of; makes them all where its numbers are so large that a score may
    /// overflow.
    async fn check_made(&self, kind: AttnKind, layer: usize) -> Result<(), String> {
        let may_overflow = loop {
            let found = match self.sources.borrow().iter().find(|(its, _)| *its == kind) {
                Some((_, source)) => source.may_overflow(layer),
                None => return Ok(()),
            };
            match found {
                Ok(may_overflow) => break may_overflow,
                Err(SourceError::Wants(range)) => self.bring(kind, range).await.map_err(|report| report.message)?,
                Err(error) => return Err(error.to_string()),
            }
        };
        if may_overflow {
            let heads = 0..self
                .sources
                .borrow()
                .iter()
                .find(|(its, _)| *its == kind)
                .map_or(0, |(_, source)| source.sizes().n_heads as u32);
            let grid = Grid { queries: vec![0], keys: vec![0], max_cells: 1, reduce: Reduce::Max };
            let question = Question::Thumbnails { layer: layer as u32, heads: heads.collect(), grid };
            self.clone().answered(0, kind, question).await.map_err(|report| report.message)?;
        }
        Ok(())
    }

    /// Opens a file as B.
    ///
    /// # Errors
    /// One sentence for the reader: what is wrong with the file.
    pub async fn open_beside(file: web_sys::File) -> Result<(Self, TraceBeside), String> {
        let name = file.name();
        let (trace, opened) =
            Self::open(RangedFile::chosen(&name, file.into()), TracePlace::File(name.clone())).await?;
        let beside = {
            let sources = trace.sources.borrow();
            let first = held(&sources).next().map(|(_, source)| source);
            let sizes = first.map(AttentionSource::sizes).unwrap_or_default();
            TraceBeside {
                file: name,
                tokens: opened.tokens,
                has_ids: first.is_some_and(|source| !source.ids_bytes().is_empty()),
                sizes: (sizes.n_layers, sizes.n_heads),
                spec: first.and_then(|source| source.spec().cloned()),
            }
        };
        Ok((trace, beside))
    }

    fn opened(&self, place: Option<TracePlace>) -> OpenedTrace {
        let sources = self.sources.borrow();
        let source_of = |kind: AttnKind| sources.iter().find(|(its, _)| *its == kind).map(|(_, source)| source);
        let first = source_of(AttnKind::ONLY).or_else(|| source_of(AttnKind::ENCODER));
        let tokens = first.map(|first| first.tokens(Side::Query).clone());
        let metadata = &self.trace.metadata;
        let (spec, cross_spec) = structures(&sources);
        OpenedTrace {
            model: metadata.model.clone().unwrap_or_default(),
            spec,
            cross_spec,
            tokens: tokens.unwrap_or_default(),
            target: source_of(AttnKind::CROSS).map(|cross| cross.tokens(Side::Query).clone()),
            text: metadata.text.clone().unwrap_or_default(),
            pair: metadata.text_pair.clone(),
            edits: metadata.edits.clone(),
            outcome: metadata.outcome.clone(),
            top: Vec::new(),
            place,
            sinks: sinks(&sources),
            held: held(&sources).map(|(kind, source)| (kind, source.missing_layers())).collect(),
        }
    }

    /// The file's bytes.
    pub fn file(&self) -> &RangedFile {
        &self.file
    }

    /// Reads the header and the metadata.
    pub fn with_trace<T>(&self, read: impl FnOnce(&crate::trace::file::Trace) -> T) -> T {
        read(&self.trace)
    }

    async fn answered(self, request: RequestId, kind: AttnKind, question: Question) -> Result<Option<Reply>, Report> {
        let mut answering = match start_drawn(question) {
            Ok(answering) => answering,
            Err(other) => match views::views().await {
                Some(views) => (views.answering)(*other),
                None => return Err(report("this part of the page could not be loaded: check the connection")),
            },
        };
        let mut last_turn_ms = now_ms();
        loop {
            if self.cancelled.borrow_mut().remove(&request) {
                return Ok(None);
            }
            let step = match self.sources.borrow().iter().find(|(its, _)| *its == kind) {
                Some((_, source)) => answering.step(source),
                None => return Err(report("the trace has no such attention")),
            };
            match step {
                Ok(Some(reply)) => return Ok(Some(reply)),
                Ok(None) => breathe(&mut last_turn_ms).await,
                Err(SourceError::Wants(range)) => self.bring(kind, range).await?,
                Err(error) => return Err(report(&error.to_string())),
            }
        }
    }

    async fn bring(&self, kind: AttnKind, range: Range<u64>) -> Result<(), Report> {
        let bytes = self.file.read(range.clone()).await.map_err(|message| report(&message))?;
        if bytes.len() as u64 != range.end - range.start {
            return Err(report("the trace ends early"));
        }
        let mut sources = self.sources.borrow_mut();
        let source = sources.iter_mut().find(|(its, _)| *its == kind);
        let Some((_, source)) = source else { return Ok(()) };
        source.supply(range, &bytes).map_err(|error| report(&error.to_string()))
    }
}

impl HeldTrace for TraceInPage {
    fn answer(&self, request: RequestId, kind: AttnKind, question: Question) -> Awaited<Result<Option<Reply>, Report>> {
        Box::pin(self.clone().answered(request, kind, question))
    }

    fn cancel(&self, request: RequestId) {
        self.cancelled.borrow_mut().insert(request);
    }

    fn in_page(&self) -> &TraceInPage {
        self
    }
}

/// The attentions of which there is something to draw.
fn held(sources: &[(AttnKind, TraceSource)]) -> impl Iterator<Item = (AttnKind, &TraceSource)> {
    sources.iter().map(|(kind, source)| (*kind, source)).filter(|(_, source)| source.is_held())
}

/// The keys of each attention, where a sink is among them.
fn sinks(sources: &[(AttnKind, TraceSource)]) -> Vec<(AttnKind, Tokens)> {
    let with_sink = held(sources).filter(|(_, source)| source.sizes().has_sink);
    with_sink.map(|(kind, source)| (kind, source.tokens(Side::Key).clone())).collect()
}

/// The model's structure, and that of cross-attention where it has other sizes: as the file says it, or by the sizes of
/// what it holds.
fn structures(sources: &[(AttnKind, TraceSource)]) -> (Spec, Option<Spec>) {
    let bare = |kind: AttnKind| {
        let sizes = held(sources).find(|(held, _)| *held == kind).map(|(_, source)| source.sizes());
        sizes.map(|sizes| Spec::bare(sizes.n_layers, sizes.n_heads, sizes.n_key_value_heads, sizes.d_head))
    };
    let of_file = |kind: AttnKind| {
        let source = sources.iter().find(|(its, _)| *its == kind);
        source.and_then(|(_, source)| source.spec().cloned())
    };
    if sources.iter().any(|(kind, _)| *kind == AttnKind::ONLY) {
        // One of two stacks may be alone in a file: then it is the only one.
        let spec = of_file(AttnKind::ONLY).map(|spec| Spec { encoder: None, ..spec });
        return (spec.or_else(|| bare(AttnKind::ONLY)).unwrap_or_default(), None);
    }
    if let Some(spec) = of_file(AttnKind::DECODER) {
        return (spec, None);
    }
    let cross = bare(AttnKind::CROSS);
    // A stack whose own attention is not there is drawn nowhere.
    let of_stack = |kind: AttnKind| bare(kind).or_else(|| cross.clone()).unwrap_or_default();
    let (encoder, decoder) = (of_stack(AttnKind::ENCODER), of_stack(AttnKind::DECODER));
    let cross_spec = cross.filter(|cross| *cross != decoder);
    (Spec { encoder: Some(Box::new(encoder)), ..decoder }, cross_spec)
}

async fn breathe(last_turn_ms: &mut f64) {
    if now_ms() - *last_turn_ms >= TURN_MS {
        turn().await;
        *last_turn_ms = now_ms();
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn words(error: TraceError) -> String {
    error.to_string()
}

fn report(message: &str) -> Report {
    Report { about: About::Request, message: message.to_owned() }
}

/// The predictions that `headlight trace --json` wrote.
fn predictions(json: &str) -> Result<Vec<Prediction>, String> {
    let value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Fields::of_object(value)?.required("top")
}
