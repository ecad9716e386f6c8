//! Saves a part of a trace that the page holds: reads the chosen tensors and writes a new file, piece by piece. What is written, here or
//! by a worker, is handed to the reader as it is or inside a page.

use super::in_page::TraceInPage;
use crate::platform::blob_sink::BlobSink;
use crate::platform::download::{save_bytes, save_url};
use crate::platform::page::{base_url, fetch_bytes, fetch_text};
use crate::platform::turn::turn;
use crate::state::{Event, SaveForm, State, TraceEvent, traces};
use crate::trace::file::{
    Element, Saved, TensorPlan, Trace, TraceError, TraceTensor, TraceWriter, file_len, fill_slot, makes_patterns,
};
use crate::trace::{Spec, StackHook};
use crate::ui::shell::page::Page;

/// Bytes read at a time.
const PIECE_BYTES: u64 = 4 << 20;

/// The tensors to write.
fn plan(trace: &Trace, saved: Saved, is_half: bool) -> Vec<TensorPlan> {
    let element = if is_half { Element::F16 } else { Element::F32 };
    let bare = Spec::default();
    let spec = trace.metadata.spec.as_ref().unwrap_or(&bare);
    let is_saved = |name: &str| match name.parse::<StackHook>() {
        Ok(named) => saved.has(spec.of_stack(named.stack), named.hook),
        Err(_) => true,
    };
    let tensors = trace.tensors.iter().filter(|(name, _)| is_saved(name));
    let plan = |(name, tensor): (&String, &TraceTensor)| TensorPlan {
        name: name.clone(),
        element: if tensor.element.is_float() { element } else { tensor.element },
        shape: tensor.shape.clone(),
    };
    tensors.map(plan).collect()
}

/// Whether a choice is what its name says, and no smaller one holds as much.
fn is_offered(trace: &Trace, saved: Saved) -> bool {
    let smaller: &[Saved] = match saved {
        Saved::Patterns | Saved::Attention => &[],
        Saved::Qk => &[Saved::Patterns, Saved::Attention],
        Saved::Qkv => &[Saved::Qk],
        Saved::All => &[Saved::Patterns, Saved::Attention, Saved::Qk, Saved::Qkv],
    };
    let is_whole = match saved {
        Saved::Attention => makes_patterns(trace),
        Saved::All => true,
        Saved::Patterns | Saved::Qk | Saved::Qkv => trace.tensors.keys().any(|name| name.ends_with(".hook_pattern")),
    };
    let n_tensors = |saved: Saved| plan(trace, saved, false).len();
    let mut smaller = smaller.iter().filter(|smaller| is_offered(trace, **smaller));
    is_whole && smaller.all(|smaller| n_tensors(saved) > n_tensors(*smaller))
}

/// The size of the file in bytes; `None` where the file on screen does not hold so much, or a smaller choice holds it.
pub fn size(trace: &TraceInPage, saved: Saved, is_half: bool) -> Option<u64> {
    trace.with_trace(|trace| {
        let tensors = is_offered(trace, saved).then(|| plan(trace, saved, is_half))?;
        file_len(&trace.metadata, &tensors).ok()
    })
}

/// Writes the chosen part of the trace on screen, and hands it over.
pub async fn save_trace(page: Page, saved: Saved, is_half: bool) {
    let Some(trace) = page.trace() else { return };
    let name = format!("{}-{}.safetensors", page.peek(State::file_stem), traces::slug(saved));
    match write(trace.in_page(), saved, is_half).await {
        Ok(url) => hand_over(page, url, name).await,
        Err(message) => page.dispatch(Event::Trace(TraceEvent::SaveFailed(message))),
    }
}

/// Saves a written trace as a file: as it is, or inside a page.
pub async fn hand_over(page: Page, url: String, name: String) {
    let outcome = match page.peek(|state| state.traces.form) {
        SaveForm::Trace => save_url(&url, &name),
        SaveForm::Page => save_page(page, &url, &name.replace(".safetensors", ".html")).await,
    };
    if let Err(message) = outcome {
        page.dispatch(Event::Trace(TraceEvent::SaveFailed(message)));
    }
}

async fn save_page(page: Page, url: &str, name: &str) -> Result<(), String> {
    let (trace, empty) = (fetch_bytes(url).await?, fetch_text(&format!("{}viewer.html", base_url())).await?);
    let link = page.peek(State::file_link).unwrap_or_default();
    save_bytes(fill_slot(&empty, &link, &trace)?.as_bytes(), "text/html", name)
}

/// Writes the file and returns its object URL: one sentence for the reader where that fails.
async fn write(trace: &TraceInPage, saved: Saved, is_half: bool) -> Result<String, String> {
    let (metadata, tensors) = trace.with_trace(|trace| (trace.metadata.clone(), plan(trace, saved, is_half)));
    let failed = |error: TraceError| error.to_string();
    let mut writer = TraceWriter::new(BlobSink::new(), &metadata, tensors).map_err(failed)?;
    for tensor in writer.order().to_vec() {
        if !tensor.element.is_float() {
            let rows = 0..tensor.shape.first().copied().unwrap_or(0);
            let range = trace.with_trace(|trace| trace.bytes_of(&tensor.name, rows)).map_err(failed)?;
            let bytes = trace.file().read(range).await?;
            let ids = trace.with_trace(|trace| trace.decode_ids(&tensor.name, &bytes)).map_err(failed)?;
            writer.write_ids(&tensor.name, &ids).map_err(failed)?;
            continue;
        }
        let pieces = trace.with_trace(|trace| trace.pieces(PIECE_BYTES));
        for piece in pieces.into_iter().filter(|piece| piece.name == tensor.name) {
            let bytes = trace.file().read(piece.bytes).await?;
            let values = trace.with_trace(|trace| trace.decode_from(&piece.name, piece.first_row, &bytes));
            writer.write_floats(&tensor.name, &values.map_err(failed)?).map_err(failed)?;
            turn().await;
        }
    }
    let (url, _) = writer.finish().map_err(failed)?.into_url()?;
    Ok(url)
}
