//! Does one task at a time and keeps what tasks share between them.

use crate::message::{Format, Task, Took};
use crate::products::{Linears, Matrices};
use crate::rows;
use headlight::engine::Loader;
use headlight::kernels::probe;
use headlight::platform::clock::now_ms;
use headlight::platform::files::StoredFile;
use headlight::platform::words::words;
use headlight::protocol::FileSource;
use std::hint::black_box;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Response, WorkerGlobalScope};

/// Tokens of a run.
pub const N_TOKENS: usize = 128;
/// About 20 ms.
const PEAK_ROUNDS: usize = 8_000_000;
/// Too much for any cache.
const READ_BYTES: usize = 256 << 20;

/// More than the head of any bundled file has.
const HEAD_BYTES: u64 = 32 << 20;

/// Inputs that are kept between tasks.
#[derive(Default)]
pub struct Bench {
    linears: Option<Linears>,
    /// f32's, to compare with.
    wide: Option<Matrices>,
    other: Option<Matrices>,
    memory: Vec<f32>,
}

impl Bench {
    /// Does a task once.
    pub fn take(&mut self, task: &Task) -> Result<Took, String> {
        match task {
            Task::Peak => {
                let ms = timed(|| probe::mul_add(PEAK_ROUNDS, black_box(0.999), black_box(0.001)));
                Ok(Took { ms, flop: (PEAK_ROUNDS * probe::FLOP_PER_ROUND) as f64, bytes: 0.0 })
            }
            Task::Read => {
                self.memory.resize(READ_BYTES / 4, 1.0);
                Ok(Took { ms: timed(|| probe::read(&self.memory)), flop: 0.0, bytes: READ_BYTES as f64 })
            }
            Task::Linears { by_candle } => {
                let linears = match &mut self.linears {
                    Some(linears) => linears,
                    none => none.insert(Linears::new()?),
                };
                if *by_candle { linears.by_candle() } else { Ok(linears.ours()) }
            }
            Task::Kernel { shape, kernel } => Ok(rows::measure(*shape, *kernel)),
            Task::Prefill(format) => Ok(self.matrices(*format)?.prefill()),
            Task::Decode { format, in_cache: false } => Ok(self.matrices(*format)?.decode()),
            Task::Decode { format, in_cache: true } => Ok(self.matrices(*format)?.in_cache()),
            Task::Tokenizer { .. } => Err("reading files takes more than one turn".to_owned()),
        }
    }

    fn matrices(&mut self, format: Format) -> Result<&Matrices, String> {
        // Freed first: their memory is needed.
        self.linears = None;
        let kept = if format == Format::F32 { &mut self.wide } else { &mut self.other };
        if kept.as_ref().is_none_or(|matrices| matrices.format != format) {
            *kept = None;
            *kept = Some(Matrices::new(format)?);
        }
        kept.as_ref().ok_or_else(|| "no matrices".to_owned())
    }
}

/// Reads the files that come before the weights to a tokenizer and a plan, without fetching them.
pub async fn tokenizer(files: &[FileSource]) -> Result<Took, String> {
    let mut heads = Vec::new();
    for file in files {
        let whole = fetched(&file.url).await?;
        heads.push(whole.read(0, whole.len().min(HEAD_BYTES)).await?);
    }
    let before_ms = now_ms();
    let names = files.iter().map(|file| (file.name.clone(), file.size)).collect();
    let mut loader = Loader::new(names).map_err(|error| error.to_string())?;
    let mut bytes = 0.0;
    while let Some(want) = loader.wants()
        && loader.progress().1 == 0
    {
        let head = &heads[want.file];
        let end = (want.offset + want.len) as usize;
        let part = head.get(want.offset as usize..end).ok_or("a file is shorter than announced")?;
        bytes += part.len() as f64;
        loader.supply(part).map_err(|error| error.to_string())?;
    }
    Ok(Took { ms: now_ms() - before_ms, flop: 0.0, bytes })
}

async fn fetched(url: &str) -> Result<StoredFile, String> {
    let scope: WorkerGlobalScope = js_sys::global().dyn_into().map_err(|_| "no worker".to_owned())?;
    let response = JsFuture::from(scope.fetch_with_str(url)).await.map_err(|error| words(&error))?;
    let response: Response = response.unchecked_into();
    let blob = JsFuture::from(response.blob().map_err(|error| words(&error))?).await.map_err(|error| words(&error))?;
    let blob: Blob = blob.unchecked_into();
    Ok(blob.into())
}

/// How long a computation takes; the compiler must assume that its result is used.
pub fn timed(work: impl FnOnce() -> f32) -> f64 {
    let before_ms = now_ms();
    black_box(work());
    now_ms() - before_ms
}

/// Numbers to multiply; their quality does not matter.
pub struct Random(pub u32);

impl Random {
    /// Between −1 and 1.
    pub fn values(&mut self, n: usize) -> Vec<f32> {
        let next = |_| {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..n).map(next).collect()
    }
}
