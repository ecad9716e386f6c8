//! Loads a model: files come from disk, storage or the network, and the engine asks for ranges of them.

use std::sync::Arc;

use web_sys::Blob;

use super::download::{Fetched, Progress, drop_kept, origin};
use super::{Stop, Worker};
use crate::engine::{EngineError, Loader, Model};
use crate::platform::files::StoredFile;
use crate::platform::memory::{can_have, memory_bytes};
use crate::platform::read_ahead::ReadAhead;
use crate::protocol::{About, FileSource, FromWorker, HubSource, ModelInfo, ModelSource, RequestId, Stage};
use crate::sources::{
    Base, MAX_MEMORY_BYTES, Origin, ReadFile, Repo, WORKING_BYTES, dropped, size_words, spoilt, too_large, unkept,
    weight_bytes,
};

/// A model, and what is to be said of its files.
struct LoadedModel {
    model: Model,
    /// Whether all of its files were in storage before this load.
    from_storage: bool,
    /// Why storage did not keep one of them, in the browser's words.
    refusal: Option<String>,
    /// Which kept files were fetched again.
    note: Option<String>,
}

/// Why files do not become a model.
enum Unread {
    Stop(Stop),
    /// The engine refuses what a file says.
    Refused(EngineError),
    /// The browser no longer gives the bytes of the file with this index.
    Gone {
        file: usize,
        reason: String,
    },
}

impl Worker {
    pub(super) async fn load(
        &mut self,
        request: RequestId,
        source: ModelSource,
        n_layers: Option<u32>,
        blobs: Vec<Blob>,
    ) -> Result<(), Stop> {
        if self.model.is_some() {
            return Err(Stop::failed(About::Request, "this worker has a model: end it and start another"));
        }
        let n_layers = n_layers.map(|n_layers| n_layers as usize);
        let (name, loaded) = match source {
            ModelSource::Files { name, files } => {
                let origin = files.first().map(|file| Origin::of_url(&file.url)).unwrap_or_default();
                (name, self.load_fetched(request, &files, &origin, n_layers).await?)
            }
            ModelSource::Hub { name, hub: HubSource { base, repo }, files } => {
                let origin = origin(&Base::parse(&base)?, &Repo::parse(&repo)?);
                (name, self.load_fetched(request, &files, &origin, n_layers).await?)
            }
            ModelSource::Disk { name, files, .. } => {
                if files.len() != blobs.len() {
                    let message = format!("{} files were named and {} came", files.len(), blobs.len());
                    return Err(Stop::failed(About::Request, message));
                }
                let picked: Vec<StoredFile> = blobs.into_iter().map(StoredFile::from).collect();
                let named: Vec<(&str, &StoredFile)> = files.iter().map(String::as_str).zip(&picked).collect();
                let model = self.read(request, &named, n_layers).await.map_err(|unread| unread.stop(&named))?;
                (name, LoadedModel::unstored(model))
            }
            ModelSource::Seeded { config_json, seed } => {
                (format!("random weights, seed {seed}"), LoadedModel::unstored(Model::seeded(&config_json, seed)?))
            }
        };
        let LoadedModel { model, from_storage, refusal, note } = loaded;
        let info = ModelInfo {
            unkept: refusal.map(|reason| unkept(&name, &reason)),
            name,
            quantisation: model.quantisation().to_owned(),
            spec: model.spec().clone(),
            weight_bytes: model.weight_bytes() as u64,
            memory_bytes: memory_bytes(),
            from_storage,
            notes: note.into_iter().chain(model.notes().iter().cloned()).collect(),
            has_tokenizer: model.tokenizer().is_some(),
            adds_bos: model.adds_bos(),
            has_chat: model.chat_template().is_some(),
        };
        self.model = Some(Arc::new(model));
        self.outbox.say(&FromWorker::Loaded { request, model: info });
        Ok(())
    }

    /// Loads files from storage or the network. Kept files that cannot be read are dropped and fetched again, once.
    ///
    /// Whether there is memory for the weights is asked before anything is fetched, by the lengths of their files, and again
    /// when their headers say what they take.
    async fn load_fetched(
        &mut self,
        request: RequestId,
        sources: &[FileSource],
        origin: &Origin,
        n_layers: Option<usize>,
    ) -> Result<LoadedModel, Stop> {
        if n_layers.is_none() {
            check_memory(weight_bytes(sources.iter().map(|file| (file.name.as_str(), file.size))))?;
        }
        let mut progress = Progress::new(sources.iter().map(|file| file.size).sum());
        let mut files: Vec<Fetched> = Vec::with_capacity(sources.len());
        for source in sources {
            files.push(self.stored_or_fetched(request, source, origin, &mut progress).await?);
            self.breathe(request).await?;
        }
        let from_storage = files.iter().all(|file| file.was_kept);
        let refusal = |files: &[Fetched]| files.iter().find_map(|file| file.refusal.clone());
        let unread = match self.read(request, &named(sources, &files), n_layers).await {
            Ok(model) => return Ok(LoadedModel { model, from_storage, refusal: refusal(&files), note: None }),
            Err(unread) => unread,
        };
        let again = self.spoilt_files(request, sources, &files, &unread).await?;
        if again.is_empty() {
            return Err(unread.stop(&named(sources, &files)));
        }
        let names: Vec<&str> = again.iter().map(|&index| sources[index].name.as_str()).collect();
        let dropped = dropped(&names, &unread.reason());
        let mut progress = Progress::new(again.iter().map(|&index| sources[index].size).sum());
        for &index in &again {
            drop_kept(&sources[index]).await;
            let fetched = self.stored_or_fetched(request, &sources[index], origin, &mut progress).await;
            files[index] = fetched.map_err(|stop| stop.after(&format!("{dropped}: ")))?;
        }
        let again = format!("{dropped} and fetched again. ");
        let named = named(sources, &files);
        match self.read(request, &named, n_layers).await {
            Ok(model) => {
                let note = Some(again.trim_end().to_owned());
                Ok(LoadedModel { model, from_storage: false, refusal: refusal(&files), note })
            }
            Err(unread) => Err(unread.stop(&named).after(&again)),
        }
    }

    /// The kept files that may be why a model cannot be read, as indices.
    async fn spoilt_files(
        &mut self,
        request: RequestId,
        sources: &[FileSource],
        files: &[Fetched],
        unread: &Unread,
    ) -> Result<Vec<usize>, Stop> {
        let reason = match unread {
            Unread::Gone { file, .. } => return Ok(if files[*file].was_kept { vec![*file] } else { Vec::new() }),
            Unread::Refused(error) if error.may_be_damage() => error.to_string(),
            Unread::Refused(_) | Unread::Stop(_) => return Ok(Vec::new()),
        };
        let mut found = Vec::with_capacity(files.len());
        for (source, Fetched { file, was_kept, .. }) in sources.iter().zip(files) {
            let is_intact = match *was_kept && !source.sha256.is_empty() {
                true => Some(self.has_digest(request, file, &source.sha256).await?),
                false => None,
            };
            found.push(ReadFile { name: &source.name, was_kept: *was_kept, is_intact });
        }
        Ok(spoilt(&reason, &found))
    }

    /// Reads files into a model, if there is memory for its weights.
    async fn read(
        &mut self,
        request: RequestId,
        files: &[(&str, &StoredFile)],
        n_layers: Option<usize>,
    ) -> Result<Model, Unread> {
        let names = files.iter().map(|(name, file)| ((*name).to_owned(), file.len())).collect();
        let mut loader = Loader::new(names)?.first_layers(n_layers);
        let mut readers: Vec<ReadAhead> = files.iter().map(|(_, file)| ReadAhead::new(file)).collect();
        let (mut bytes, mut is_checked) = (Vec::new(), false);
        while let Some(want) = loader.wants() {
            if let Some(held_bytes) = loader.held_bytes().filter(|_| !is_checked) {
                check_memory(held_bytes)?;
                is_checked = true;
            }
            let gone = |reason| Unread::Gone { file: want.file, reason };
            readers[want.file].read(want.offset, want.len, &mut bytes).await.map_err(gone)?;
            loader.supply(&bytes)?;
            let (done, total) = loader.progress();
            self.outbox.progress(request, Stage::Read, done, total);
            self.breathe(request).await?;
        }
        Ok(loader.finish()?)
    }
}

fn named<'a>(sources: &'a [FileSource], files: &'a [Fetched]) -> Vec<(&'a str, &'a StoredFile)> {
    sources.iter().zip(files).map(|(source, fetched)| (source.name.as_str(), &fetched.file)).collect()
}

impl LoadedModel {
    /// A model whose files were neither fetched nor kept.
    fn unstored(model: Model) -> Self {
        Self { model, from_storage: false, refusal: None, note: None }
    }
}

impl Unread {
    fn reason(&self) -> String {
        match self {
            Unread::Stop(_) => String::new(),
            Unread::Refused(error) => error.to_string(),
            Unread::Gone { reason, .. } => reason.clone(),
        }
    }

    fn stop(self, files: &[(&str, &StoredFile)]) -> Stop {
        match self {
            Unread::Stop(stop) => stop,
            Unread::Refused(error) => error.into(),
            Unread::Gone { file, reason } => {
                let name = files[file].0;
                let message = format!(
                    "{name} cannot be read any more ({reason}): it was changed or moved since it was picked. Pick it again"
                );
                Stop::failed(About::Model, message)
            }
        }
    }
}

impl From<EngineError> for Unread {
    fn from(error: EngineError) -> Self {
        Unread::Refused(error)
    }
}

impl From<Stop> for Unread {
    fn from(stop: Stop) -> Self {
        Unread::Stop(stop)
    }
}

/// Refuses weights that do not fit into memory, before any of them is read.
fn check_memory(held_bytes: u64) -> Result<(), Stop> {
    let refuse = |message: String| Err(Stop::failed(About::Model, message));
    if let Some(message) = too_large(held_bytes) {
        return refuse(message);
    }
    let needed = memory_bytes().saturating_add(held_bytes).saturating_add(WORKING_BYTES).min(MAX_MEMORY_BYTES);
    if can_have(needed) {
        return Ok(());
    }
    refuse(format!(
        "it needs about {} of memory, more than this browser gives a page on this device. Close other tabs, or take a smaller \
         quantisation or a smaller model",
        size_words(needed)
    ))
}
