//! Loads a model: files come from disk, storage or the network, and the engine asks for ranges of them.

use std::sync::Arc;

use web_sys::Blob;

use super::download::{Progress, origin};
use super::{Stop, Worker};
use crate::engine::{Loader, Model};
use crate::platform::files::StoredFile;
use crate::platform::memory::{can_have, memory_bytes};
use crate::platform::read_ahead::ReadAhead;
use crate::protocol::{About, FileSource, FromWorker, HubSource, ModelInfo, ModelSource, RequestId, Stage};
use crate::sources::{Base, MAX_MEMORY_BYTES, Origin, Repo, WORKING_BYTES, size_words, too_large};

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
        let (name, model, from_storage) = match source {
            ModelSource::Files { name, files } => {
                let (files, from_storage) = self.fetch_all(request, files, &Origin::default()).await?;
                (name, self.read(request, files, n_layers).await?, from_storage)
            }
            ModelSource::Hub { name, hub: HubSource { base, repo }, files } => {
                let origin = origin(&Base::parse(&base)?, &Repo::parse(&repo)?);
                let (files, from_storage) = self.fetch_all(request, files, &origin).await?;
                (name, self.read(request, files, n_layers).await?, from_storage)
            }
            ModelSource::Disk { name, files, .. } => {
                if files.len() != blobs.len() {
                    let message = format!("{} files were named and {} came", files.len(), blobs.len());
                    return Err(Stop::failed(About::Request, message));
                }
                let files = files.into_iter().zip(blobs.into_iter().map(StoredFile::from)).collect();
                (name, self.read(request, files, n_layers).await?, false)
            }
            ModelSource::Seeded { config_json, seed } => {
                (format!("random weights, seed {seed}"), Model::seeded(&config_json, seed)?, false)
            }
        };
        let info = ModelInfo {
            name,
            quantisation: model.quantisation().to_owned(),
            spec: model.spec().clone(),
            weight_bytes: model.weight_bytes() as u64,
            memory_bytes: memory_bytes(),
            from_storage,
            notes: model.notes().to_vec(),
            has_tokenizer: model.tokenizer().is_some(),
            adds_bos: model.adds_bos(),
        };
        self.model = Some(Arc::new(model));
        self.outbox.say(&FromWorker::Loaded { request, model: info });
        Ok(())
    }

    /// Gives every file, from storage or the network, and whether all were in storage.
    async fn fetch_all(
        &mut self,
        request: RequestId,
        files: Vec<FileSource>,
        origin: &Origin,
    ) -> Result<(Vec<(String, StoredFile)>, bool), Stop> {
        let mut progress = Progress::new(files.iter().map(|file| file.size).sum());
        let (mut fetched, mut all_stored) = (Vec::new(), true);
        for file in files {
            let (stored, was_stored) = self.stored_or_fetched(request, &file, origin, &mut progress).await?;
            all_stored &= was_stored;
            fetched.push((file.name, stored));
            self.breathe(request).await?;
        }
        Ok((fetched, all_stored))
    }

    /// Reads files into a model, if there is memory for its weights.
    async fn read(
        &mut self,
        request: RequestId,
        files: Vec<(String, StoredFile)>,
        n_layers: Option<usize>,
    ) -> Result<Model, Stop> {
        let names = files.iter().map(|(name, file)| (name.clone(), file.len())).collect();
        let mut loader = Loader::new(names)?.first_layers(n_layers);
        let mut readers: Vec<ReadAhead> = files.iter().map(|(_, file)| ReadAhead::new(file)).collect();
        let (mut bytes, mut is_checked) = (Vec::new(), false);
        while let Some(want) = loader.wants() {
            if let Some(held_bytes) = loader.held_bytes().filter(|_| !is_checked) {
                check_memory(held_bytes)?;
                is_checked = true;
            }
            let name = &files[want.file].0;
            readers[want.file].read(want.offset, want.len, &mut bytes).await.map_err(|reason| {
                let message = format!(
                    "{name} cannot be read any more ({reason}): it was changed or moved since it was picked. Pick it again"
                );
                Stop::failed(About::Model, message)
            })?;
            loader.supply(&bytes)?;
            let (done, total) = loader.progress();
            self.outbox.progress(request, Stage::Read, done, total);
            self.breathe(request).await?;
        }
        Ok(loader.finish()?)
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
