//! Loading a model: files from storage or the network, then ranges of them into the engine.

use std::sync::Arc;

use super::{Stop, Worker};
use crate::engine::{Loader, Model};
use crate::platform::files::{StoredFile, Wanted};
use crate::platform::memory::memory_bytes;
use crate::protocol::{About, FileSource, FromWorker, ModelInfo, ModelSource, RequestId, Stage};

impl Worker {
    pub(super) async fn load(&mut self, request: RequestId, source: ModelSource) -> Result<(), Stop> {
        if self.model.is_some() {
            return Err(Stop::failed(About::Request, "this worker has a model: end it and start another"));
        }
        let (name, model, from_storage) = match source {
            ModelSource::Files { name, files } => {
                let (model, from_storage) = self.load_files(request, &files).await?;
                (name, model, from_storage)
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
            adds_bos: model.adds_bos(),
        };
        self.model = Some(Arc::new(model));
        self.outbox.say(&FromWorker::Loaded { request, model: info });
        Ok(())
    }

    async fn load_files(&mut self, request: RequestId, files: &[FileSource]) -> Result<(Model, bool), Stop> {
        let total: u64 = files.iter().map(|file| file.size).sum();
        let mut stored = Vec::new();
        let mut before = 0;
        for file in files {
            let wanted = Wanted { url: &file.url, size: file.size, sha256: &file.sha256 };
            let (inbox, outbox) = (&self.inbox, &self.outbox);
            let mut said = None;
            let opened = StoredFile::open(wanted, |received| {
                // One message per MiB is plenty for a progress bar.
                if said != Some(received >> 20) {
                    said = Some(received >> 20);
                    outbox.progress(request, Stage::Download, before + received, total);
                }
                !inbox.borrow().cancelled.contains(&request)
            });
            stored.push(opened.await?);
            before += file.size;
            self.breathe(request).await?;
        }
        let names = files.iter().zip(&stored).map(|(file, stored)| (file.name.clone(), stored.len()));
        let mut loader = Loader::new(names.collect())?;
        while let Some(want) = loader.wants() {
            let bytes = stored[want.file].read(want.offset, want.len).await;
            loader.supply(&bytes)?;
            let (done, total) = loader.progress();
            self.outbox.progress(request, Stage::Read, done, total);
            self.breathe(request).await?;
        }
        Ok((loader.finish()?, stored.iter().all(|file| file.from_storage)))
    }
}
