//! A trace that the page holds, and its answers.
//!
//! The file is read by ranges while questions are answered, and the browser gets a turn between pieces of work. A file of
//! moderate size is checked as a whole before it is shown; of a larger one each part when it is read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use crate::analysis::{AttentionSource, SourceError, TraceSource};
use crate::answers::{Reply, start};
use crate::platform::clock::now_ms;
use crate::platform::page::{base_url, fetch_bytes, fetch_text};
use crate::platform::ranged_file::RangedFile;
use crate::platform::turn::turn;
use crate::protocol::{About, Prediction, Question, Report, RequestId};
use crate::state::editing::TraceBeside;
use crate::state::{OpenedTrace, TracePlace};
use crate::trace::file::{Parsed, TraceError, parse_header};
use crate::trace::{Side, Spec};

/// Work goes on for this long before the browser gets a turn.
const TURN_MS: f64 = 12.0;

/// Bytes that are read of a file's beginning before its header is known to be longer.
const FIRST_BYTES: u64 = 64 << 10;

/// Files with more bytes of activations are checked as they are read.
const MAX_CHECKED_BYTES: u64 = 64 << 20;

/// Bytes of a file that are checked at a time.
const PIECE_BYTES: u64 = 4 << 20;

/// An open trace file; clones are the same one.
#[derive(Clone)]
pub struct TraceInPage {
    source: Rc<RefCell<TraceSource>>,
    file: Rc<RangedFile>,
    /// Questions that are no longer wanted.
    cancelled: Rc<RefCell<BTreeSet<RequestId>>>,
}

impl TraceInPage {
    /// Fetches the example that ships with the page.
    ///
    /// # Errors
    /// One sentence for the reader.
    pub async fn fetch_first() -> Result<(Self, OpenedTrace), String> {
        let url = |name: &str| format!("{}example/{name}", base_url());
        let (trace_url, json_url) = (url("first.safetensors"), url("first.json"));
        // Both are under way already: index.html has them preloaded.
        let bytes = fetch_bytes(&trace_url).await?;
        let trace = Self::read(RangedFile::in_memory("first.safetensors", bytes)).await?;
        let json = fetch_text(&json_url).await?;
        let predictions: Predictions = serde_json::from_str(&json).map_err(|error| format!("first.json: {error}."))?;
        let opened = OpenedTrace { top: predictions.top, ..trace.opened(None) };
        Ok((trace, opened))
    }

    /// Opens a file from somewhere else: nothing in it is taken for granted.
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
        let source = TraceSource::new(trace);
        let ids = source.ids_bytes();
        let (source, file) = (Rc::new(RefCell::new(source)), Rc::new(file));
        let this = Self { source, file, cancelled: Rc::default() };
        if let Some(range) = ids {
            this.bring(range).await.map_err(|report| report.message)?;
        }
        Ok(this)
    }

    /// Decodes every number of a file that is not too large for it.
    async fn check(&self) -> Result<(), String> {
        let pieces = {
            let source = self.source.borrow();
            let trace = source.trace();
            if trace.n_activation_bytes() > MAX_CHECKED_BYTES { Vec::new() } else { trace.pieces(PIECE_BYTES) }
        };
        let mut last_turn_ms = now_ms();
        for piece in pieces {
            let bytes = self.file.read(piece.bytes).await?;
            self.source.borrow().trace().decode_from(&piece.name, piece.first_row, &bytes).map_err(words)?;
            breathe(&mut last_turn_ms).await;
        }
        Ok(())
    }

    /// Opens a file that is compared with what is on screen.
    ///
    /// # Errors
    /// One sentence for the reader: what is wrong with the file.
    pub async fn open_beside(file: web_sys::File) -> Result<(Self, TraceBeside), String> {
        let name = file.name();
        let (trace, opened) =
            Self::open(RangedFile::chosen(&name, file.into()), TracePlace::File(name.clone())).await?;
        let beside = {
            let source = trace.source.borrow();
            let sizes = source.sizes();
            TraceBeside {
                file: name,
                tokens: opened.tokens,
                has_ids: source.ids_bytes().is_some(),
                sizes: (sizes.n_layers, sizes.n_heads),
                spec: source.spec().cloned(),
            }
        };
        Ok((trace, beside))
    }

    fn opened(&self, place: Option<TracePlace>) -> OpenedTrace {
        let source = self.source.borrow();
        let (metadata, sizes) = (&source.trace().metadata, source.sizes());
        let bare = || Spec::bare(sizes.n_layers, sizes.n_heads, sizes.n_key_value_heads, sizes.d_head);
        OpenedTrace {
            model: metadata.model.clone().unwrap_or_default(),
            spec: source.spec().cloned().unwrap_or_else(bare),
            tokens: source.tokens(Side::Key).clone(),
            text: metadata.text.clone().unwrap_or_default(),
            pair: metadata.text_pair.clone(),
            edits: metadata.edits.clone(),
            top: Vec::new(),
            place,
        }
    }

    /// The file, for whoever writes it anew.
    pub fn file(&self) -> &RangedFile {
        &self.file
    }

    /// What the file says of itself.
    pub fn with_trace<T>(&self, read: impl FnOnce(&crate::trace::file::Trace) -> T) -> T {
        read(self.source.borrow().trace())
    }

    /// A question is no longer wanted.
    pub fn cancel(&self, request: RequestId) {
        self.cancelled.borrow_mut().insert(request);
    }

    /// Answers a question; nothing when it was cancelled meanwhile.
    ///
    /// # Errors
    /// Why it cannot be answered.
    pub async fn answer(&self, request: RequestId, question: Question) -> Result<Option<Reply>, Report> {
        let mut answering = start(question);
        let mut last_turn_ms = now_ms();
        loop {
            if self.cancelled.borrow_mut().remove(&request) {
                return Ok(None);
            }
            let step = answering.step(&*self.source.borrow());
            match step {
                Ok(Some(reply)) => return Ok(Some(reply)),
                Ok(None) => breathe(&mut last_turn_ms).await,
                Err(SourceError::Wants(range)) => self.bring(range).await?,
                Err(error) => return Err(report(&error.to_string())),
            }
        }
    }

    async fn bring(&self, range: Range<u64>) -> Result<(), Report> {
        let bytes = self.file.read(range.clone()).await.map_err(|message| report(&message))?;
        if bytes.len() as u64 != range.end - range.start {
            return Err(report("the trace ends early"));
        }
        self.source.borrow_mut().supply(range, &bytes).map_err(|error| report(&error.to_string()))
    }
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

/// What `headlight trace --json` prints.
#[derive(serde::Deserialize)]
struct Predictions {
    top: Vec<Prediction>,
}
