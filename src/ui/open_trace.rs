//! A trace that the page holds in memory, and its answers.

use crate::analysis::{AttentionSource, SourceError, TraceSource};
use crate::answers::{Reply, start};
use crate::platform::page::{base_url, fetch_bytes, fetch_text};
use crate::protocol::{About, Prediction, Question, Report};
use crate::state::OpenedTrace;
use crate::trace::Side;
use crate::trace::file::{Parsed, parse_header};

/// A whole trace file.
pub struct TraceInPage {
    source: TraceSource,
    bytes: Vec<u8>,
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
        let trace = Self::open("first.safetensors", fetch_bytes(&trace_url).await?)?;
        let json = fetch_text(&json_url).await?;
        let predictions: Predictions = serde_json::from_str(&json).map_err(|error| format!("first.json: {error}."))?;
        let opened = trace.opened(predictions.top)?;
        Ok((trace, opened))
    }

    fn open(file: &str, bytes: Vec<u8>) -> Result<Self, String> {
        let trace = match parse_header(file, bytes.len() as u64, &bytes).map_err(|error| error.to_string())? {
            Parsed::Complete(trace) => trace,
            Parsed::Needs(_) => return Err(format!("{file} ends early.")),
        };
        let mut this = Self { source: TraceSource::new(trace), bytes };
        if let Some(range) = this.source.ids_bytes() {
            this.bring(range).map_err(|report| report.message)?;
        }
        Ok(this)
    }

    fn opened(&self, top: Vec<Prediction>) -> Result<OpenedTrace, String> {
        let metadata = &self.source.trace().metadata;
        let model = metadata.model.clone().unwrap_or_default();
        let spec = metadata.spec.clone().ok_or("The trace does not say what its model is.")?;
        Ok(OpenedTrace {
            model_name: [Some(model.name), model.quantisation].into_iter().flatten().collect::<Vec<_>>().join(", "),
            spec,
            tokens: self.source.tokens(Side::Key).clone(),
            text: metadata.text.clone().unwrap_or_default(),
            pair: metadata.text_pair.clone(),
            top,
        })
    }

    /// Answers a question.
    ///
    /// # Errors
    /// Why it cannot be answered.
    pub fn answer(&mut self, question: Question) -> Result<Reply, Report> {
        let mut answering = start(question);
        loop {
            match answering.step(&self.source) {
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => {}
                Err(SourceError::Wants(range)) => self.bring(range)?,
                Err(error) => return Err(report(&error.to_string())),
            }
        }
    }

    fn bring(&mut self, range: std::ops::Range<u64>) -> Result<(), Report> {
        let bytes = self.bytes.get(range.start as usize..range.end as usize);
        let bytes = bytes.ok_or_else(|| report("the trace ends early"))?;
        self.source.supply(range, bytes).map_err(|error| report(&error.to_string()))
    }
}

fn report(message: &str) -> Report {
    Report { about: About::Request, message: message.to_owned() }
}

/// What `headlight trace --json` prints.
#[derive(serde::Deserialize)]
struct Predictions {
    top: Vec<Prediction>,
}
