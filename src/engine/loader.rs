//! From files to a [`Model`], a range of bytes at a time.
//!
//! Sans-IO: [`Loader::wants`] names a range, the caller brings it from a mapped file, the browser's storage or a
//! download, [`Loader::supply`] takes it. No file and no large tensor is ever in memory as a whole beside its weights.

mod plan;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::chat::{ChatFiles, ChatTemplate};
use super::checkpoint::{Architecture, Config, peft, quantised};
use super::error::EngineError;
use super::files::{FileError, Parsed, TensorIndex, gguf, safetensors};
use super::generation_config::GenerationConfig;
use super::model::{Filled, Model, StackSlot, StackSlots};
use super::tokenizer::{Tokenizer, TokenizerFiles, gguf_labels};
use crate::trace::TokenForm;
use crate::trace::file::ForeignFile;
use plan::{Filling, Plan};

/// Where a range of bytes is wanted from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// Index into the files given to [`Loader::new`].
    pub file: usize,
    /// First byte.
    pub offset: u64,
    /// The number of bytes.
    pub len: u64,
}

/// The length of a GGUF file's beginning, in bytes, that mostly holds its header with the tokenizer.
const GGUF_HEAD: u64 = 1 << 21;

/// What the checkpoint says about the text that it writes.
const GENERATION: &str = "generation_config.json";
/// A name for each token id of a model without a tokenizer.
const LABELS: &str = "labels.txt";
/// What an adapter's folder has in the place of a configuration.
const ADAPTER: &str = "adapter_config.json";

/// What wrappers put before every name of a tensor: data-parallel training, torch.compile, models of pictures and text.
const WRAPPERS: [&str; 4] = ["module.", "_orig_mod.", "model.language_model.", "language_model."];
/// How many of them are taken off, one after another.
const MOST_WRAPPERS: usize = 4;

/// Reads a checkpoint: either one GGUF file, or config.json, safetensors files and usually a tokenizer: tokenizer.json,
/// vocab.txt, vocab.json with merges.txt or with source.spm and target.spm, spiece.model, sentencepiece.bpe.model, spm.model. Where
/// there is none, labels.txt may name the token ids, one a line.
///
/// ```
/// use headlight::engine::Loader;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let names = ["config.json", "tokenizer.json", "model.safetensors"];
/// let read = |name| std::fs::read(format!("tests/fixtures/golden/gpt2/{name}"));
/// let files = names.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
///
/// let lengths = names.iter().zip(&files).map(|(name, bytes)| (name.to_string(), bytes.len() as u64));
/// let mut loader = Loader::new(lengths.collect())?;
/// while let Some(want) = loader.wants() {
///     let bytes = &files[want.file][want.offset as usize..];
///     loader.supply(&bytes[..bytes.len().min(want.len as usize)])?;
/// }
/// let model = loader.finish()?;
/// assert_eq!((model.spec().n_layers, model.spec().n_heads), (3, 4));
/// # Ok(())
/// # }
/// ```
pub struct Loader {
    files: Vec<(String, u64)>,
    /// Files still to be read from their start, last one first, with how many bytes are wanted of each.
    heads: Vec<(usize, u64)>,
    config: Option<Config>,
    tokenizer: Option<Tokenizer>,
    /// The encoder's tokenizer, where it is another one.
    source_tokenizer: Option<Tokenizer>,
    tokenizer_files: TokenizerFiles,
    chat_files: ChatFiles,
    chat: Option<ChatTemplate>,
    /// Why a GGUF file's tokenizer is not there.
    without_tokenizer: Option<String>,
    generation: Option<GenerationConfig>,
    labels: Vec<String>,
    label_form: TokenForm,
    n_layers: Option<usize>,
    gguf: Option<gguf::Gguf>,
    indices: Vec<(usize, TensorIndex)>,
    plan: Option<Plan>,
    filling: Option<Filling>,
    places: HashMap<StackSlot, Filled>,
    bytes_read: u64,
}

impl Loader {
    /// Starts from the names and lengths of a checkpoint's files.
    ///
    /// # Errors
    /// When the files do not make a checkpoint; the error names what is missing.
    pub fn new(files: Vec<(String, u64)>) -> Result<Self, EngineError> {
        let find = |suffix: &str| -> Vec<usize> {
            let matching = files.iter().enumerate().filter(|(_, (name, _))| name.to_lowercase().ends_with(suffix));
            matching.map(|(index, _)| index).collect()
        };
        let (ggufs, tensors) = (find(".gguf"), find(".safetensors"));
        let named = |wanted: &str| files.iter().position(|(name, _)| name == wanted);
        let names = files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let refuse = |what: &str| Err(EngineError::Checkpoint(format!("{what} (files: {names})")));
        let mut heads = Vec::new();
        match (ggufs.as_slice(), named("config.json")) {
            ([one], _) => heads.push((*one, GGUF_HEAD)),
            ([_, _, ..], _) => return refuse("several .gguf files: choose one"),
            ([], None) if named(ADAPTER).is_some() => heads.extend(named(ADAPTER).map(|file| (file, u64::MAX))),
            ([], None) => return refuse("no config.json and no .gguf file"),
            ([], Some(_)) if tensors.is_empty() => return refuse("no .safetensors file with the weights"),
            ([], Some(config)) => {
                heads.extend(tensors.iter().map(|&file| (file, 8)));
                let beside = TokenizerFiles::NAMES.into_iter().chain(ChatFiles::NAMES).chain([LABELS, GENERATION]);
                heads.extend(beside.filter_map(named).map(|file| (file, u64::MAX)));
                heads.push((config, u64::MAX));
            }
        }
        for (file, wanted) in &mut heads {
            let (name, len) = &files[*file];
            if *len == 0 {
                return Err(EngineError::Checkpoint(format!("{name} is empty")));
            }
            if *wanted == u64::MAX && *len > 1 << 28 {
                return Err(EngineError::Checkpoint(format!("{name} has {len} bytes; at most 268435456 are read")));
            }
            *wanted = (*wanted).min(*len);
        }
        Ok(Self {
            files,
            heads,
            config: None,
            tokenizer: None,
            source_tokenizer: None,
            tokenizer_files: TokenizerFiles::default(),
            chat_files: ChatFiles::default(),
            chat: None,
            without_tokenizer: None,
            generation: None,
            labels: Vec::new(),
            label_form: TokenForm::Plain,
            n_layers: None,
            gguf: None,
            indices: Vec::new(),
            plan: None,
            filling: None,
            places: HashMap::new(),
            bytes_read: 0,
        })
    }

    /// Only the first layers, of a model too large to be held whole: the others are never read. Such a model predicts
    /// nothing, since what its last layer would have made of the stream is not known.
    pub fn first_layers(mut self, n_layers: Option<usize>) -> Self {
        self.n_layers = n_layers;
        self
    }

    /// Bytes that the weights will take in memory; none while headers are read.
    pub fn held_bytes(&self) -> Option<u64> {
        self.plan.as_ref().map(|plan| plan.held_bytes)
    }

    /// The range that is wanted next; none when everything was read.
    pub fn wants(&self) -> Option<Want> {
        if let Some(&(file, len)) = self.heads.last() {
            return Some(Want { file, offset: 0, len });
        }
        self.filling.as_ref().map(Filling::wants)
    }

    /// Bytes of weights read, and of how many; (0, 0) while headers are read.
    pub fn progress(&self) -> (u64, u64) {
        (self.bytes_read, self.plan.as_ref().map_or(0, |plan| plan.total_bytes))
    }

    /// Takes the bytes of [`Loader::wants`].
    ///
    /// # Errors
    /// When the range is shorter than wanted, or its contents are refused. The loader is of no more use then.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let Some(want) = self.wants() else { return Ok(()) };
        let (name, _) = &self.files[want.file];
        if bytes.len() as u64 != want.len {
            let end = want.offset + want.len;
            let message =
                format!("{name} ends early: {} of the bytes up to {end} are missing", want.len - bytes.len() as u64);
            return Err(EngineError::Checkpoint(message));
        }
        if !self.heads.is_empty() {
            return self.supply_head(want.file, bytes);
        }
        self.bytes_read += want.len;
        if let Some(filling) = &mut self.filling
            && filling.supply(bytes)?
            && let Some(done) = self.filling.take()
        {
            let (places, filled) = done.finish();
            self.places.extend(places.into_iter().map(|place| (place, filled.clone())));
            self.next_tensor()?;
        }
        Ok(())
    }

    fn supply_head(&mut self, file: usize, bytes: &[u8]) -> Result<(), EngineError> {
        let (name, len) = self.files[file].clone();
        if let Some(foreign) = ForeignFile::of(&name, bytes) {
            return Err(FileError::from(foreign).into());
        }
        let mut needs = None;
        match name.as_str() {
            "config.json" => self.config = Some(Config::parse(&name, bytes)?),
            GENERATION => self.generation = Some(GenerationConfig::read(&Config::parse(&name, bytes)?)?),
            ADAPTER => return Err(peft::refusal(&Config::parse(&name, bytes)?)),
            LABELS => self.labels = labels(&name, bytes)?,
            _ if self.tokenizer_files.take(&name, bytes) || self.chat_files.take(&name, bytes) => {}
            _ if name.to_lowercase().ends_with(".gguf") => match gguf::parse_header(&name, len, bytes)? {
                Parsed::Needs(more) => needs = Some(more),
                Parsed::Complete(gguf) => {
                    match Tokenizer::from_gguf(&gguf) {
                        Ok(tokenizer) => self.tokenizer = Some(tokenizer),
                        // A model that is given token ids needs no tokenizer.
                        Err(error) => {
                            self.without_tokenizer = Some(error.to_string());
                            (self.labels, self.label_form) = gguf_labels(&gguf);
                        }
                    }
                    self.chat_files.take_gguf(&gguf);
                    self.indices.push((file, gguf.index.clone()));
                    self.gguf = Some(gguf);
                }
            },
            _ => match safetensors::parse_header(&name, len, bytes)? {
                Parsed::Needs(more) => needs = Some(more),
                Parsed::Complete(index) => self.indices.push((file, index)),
            },
        }
        if let Some(head) = self.heads.last_mut() {
            match needs {
                Some(more) if more > head.1 && more <= len => head.1 = more,
                Some(more) => {
                    let message = format!("{name}: the header needs {more} bytes, the file has {len}");
                    return Err(EngineError::Checkpoint(message));
                }
                None => _ = self.heads.pop(),
            }
        }
        if self.heads.is_empty() { self.start_tensors() } else { Ok(()) }
    }

    fn start_tensors(&mut self) -> Result<(), EngineError> {
        let note = if self.config.is_some() { self.unwrap_names() } else { None };
        if let Some(config) = &self.config {
            let names = || self.indices.iter().flat_map(|(_, index)| index.tensors.keys().map(String::as_str));
            quantised::refuse(config, names())?;
            peft::refuse_unmerged(names())?;
        }
        let has_tensor = |name: &str| self.indices.iter().any(|(_, index)| index.tensors.contains_key(name));
        let mut architecture = match (&self.gguf, &self.config) {
            (Some(gguf), _) => Architecture::from_gguf(gguf)?,
            (None, Some(config)) => Architecture::from_config(config, &has_tensor)?,
            (None, None) => return Err(EngineError::Checkpoint("no configuration was read".to_owned())),
        };
        self.gguf = None;
        architecture.notes.extend(note);
        let mut architecture = match self.n_layers {
            Some(n_layers) => architecture.first_layers(n_layers)?,
            None => architecture,
        };
        if let Some(mut generation) = self.generation.take() {
            // Without the token that a decoder reads first there would be nothing to write after.
            generation.start_id = generation.start_id.or(architecture.generation.start_id);
            architecture.generation = generation;
        }
        architecture.notes.extend(architecture.generation.note());
        let no_text =
            self.without_tokenizer.as_ref().map(|reason| format!("{reason}: the model reads token ids, no text."));
        architecture.notes.extend(no_text);
        let files = std::mem::take(&mut self.tokenizer_files);
        if self.tokenizer.is_none() && files.are_enough() {
            let spec = &architecture.spec;
            let tokenizers = files.tokenizers(&spec.architecture, spec.d_vocab)?;
            (self.tokenizer, self.source_tokenizer) = (Some(tokenizers.own), tokenizers.source);
        }
        if let Some(tokenizer) = &self.tokenizer {
            match std::mem::take(&mut self.chat_files).template(files.config.as_deref(), tokenizer) {
                Ok(chat) => self.chat = chat,
                Err(error) => architecture.notes.push(format!("The chat template cannot be used: {error}.")),
            }
        }
        let d_vocab = architecture.spec.d_vocab;
        if self.without_tokenizer.is_some() {
            self.labels.truncate(d_vocab);
        }
        if self.labels.len() > d_vocab {
            let n_labels = self.labels.len();
            let message = format!("{LABELS} has {n_labels} lines, the model's embedding only {d_vocab} rows");
            return Err(EngineError::Checkpoint(message));
        }
        self.plan = Some(Plan::new(architecture, &self.indices)?);
        self.next_tensor()
    }

    /// Takes off what wrappers put before the names of tensors, and says so.
    fn unwrap_names(&mut self) -> Option<String> {
        let mut taken_off: Vec<&str> = Vec::new();
        while taken_off.len() < MOST_WRAPPERS {
            let names = self.indices.iter().flat_map(|(_, index)| index.tensors.keys());
            let known: HashSet<String> = names.cloned().collect();
            let unwrapped = |wrapper: &str, name: &str| {
                let rest = name.strip_prefix(wrapper).filter(|rest| !rest.is_empty() && !known.contains(*rest));
                rest.map(str::to_owned)
            };
            let is_used = |wrapper: &&&str| known.iter().any(|name| unwrapped(wrapper, name).is_some());
            let Some(wrapper) = WRAPPERS.iter().find(is_used) else { break };
            for (_, index) in &mut self.indices {
                let tensors = std::mem::take(&mut index.tensors).into_iter();
                index.tensors =
                    tensors.map(|(name, entry)| (unwrapped(wrapper, &name).unwrap_or(name), entry)).collect();
            }
            taken_off.push(wrapper);
        }
        (!taken_off.is_empty()).then(|| {
            let were = if taken_off.len() == 1 { "was" } else { "were" };
            format!("“{}” {were} taken off the names of the tensors.", taken_off.join("” and “"))
        })
    }

    fn next_tensor(&mut self) -> Result<(), EngineError> {
        let next = self.plan.as_mut().and_then(|plan| plan.tensors.pop());
        self.filling = next.map(Filling::new).transpose()?;
        Ok(())
    }

    /// The model, once nothing is wanted any more.
    ///
    /// # Errors
    /// When it was not supplied with everything.
    pub fn finish(self) -> Result<Model, EngineError> {
        let Some(plan) = self.plan.filter(|_| self.heads.is_empty() && self.filling.is_none()) else {
            return Err(EngineError::Checkpoint("the checkpoint was not read to its end".to_owned()));
        };
        let tokenizers = (self.tokenizer, self.source_tokenizer);
        let mut model = Model::assemble(&plan.architecture, tokenizers, &plan.quantisation, StackSlots(self.places))?;
        model.chat = self.chat.map(Arc::new);
        if model.tokenizer().is_none() {
            model.set_labels(self.labels, self.label_form, self.without_tokenizer);
        }
        Ok(model)
    }
}

/// One name a line, for ids 0, 1, …
fn labels(file: &str, bytes: &[u8]) -> Result<Vec<String>, EngineError> {
    let text =
        str::from_utf8(bytes).map_err(|error| EngineError::Checkpoint(format!("{file} is not text: {error}")))?;
    Ok(text.lines().map(str::to_owned).collect())
}
