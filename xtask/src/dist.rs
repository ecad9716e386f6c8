//! Builds dist/, the static site: page, worker, and what only some features of the page need. All URLs in it are relative, so that it
//! works from any path of any host.
//!
//! A build goes into a folder beside dist/, in two steps: what the page needs to start and to run a model, which can be served by
//! then, and the rest. The folder takes the place of dist/ when everything is there.

use crate::process::{say, warn};
use crate::tools::{self, Tools};
use crate::{example, models, offline, page, pages, paths, stamp, viewer, worker};
use anyhow::{Context, Result, anyhow};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::{self, ScopedJoinHandle};
use std::time::Instant;
use walkdir::WalkDir;
use zip::write::SimpleFileOptions;

/// How hard the compiler optimises.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What ships: fat link-time optimisation and wasm-opt.
    Release,
    /// For short edit cycles: same code, larger and slower.
    Fast,
}

impl Mode {
    /// From the flag `--fast`.
    pub fn from_fast(fast: bool) -> Self {
        if fast { Self::Fast } else { Self::Release }
    }

    /// Settings of the cargo profiles for browsers, as variables of the environment.
    pub fn cargo_settings(self) -> Vec<(String, &'static str)> {
        let quick = [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("INCREMENTAL", "true")];
        let of_profile =
            |profile: &'static str| quick.map(|(setting, value)| (format!("CARGO_PROFILE_{profile}_{setting}"), value));
        match self {
            Self::Release => Vec::new(),
            Self::Fast => ["WASM_RELEASE", "WASM_PAGE"].into_iter().flat_map(of_profile).collect(),
        }
    }

    /// As build.json says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Fast => "fast",
        }
    }
}

/// The command: dist/, and dist.zip if wanted.
pub fn build(mode: Mode, with_zip: bool) -> Result<()> {
    ensure(mode)?;
    println!("{} is ready: copy it to any static host", paths::dist()?.display());
    if with_zip {
        let zip = pack()?;
        println!("{} holds the same with the models ({} MB)", zip.display(), fs::metadata(&zip)?.len() / 1_000_000);
    }
    Ok(())
}

/// Builds dist/ unless it is up to date already; returns its folder.
pub fn ensure(mode: Mode) -> Result<PathBuf> {
    match begin(mode)? {
        Site::Whole(folder) => Ok(folder),
        Site::Begun(build) => build.complete(),
    }
}

/// Builds the site into `folder`, or takes it from dist/ where that is up to date.
pub fn build_into(folder: &Path, mode: Mode) -> Result<()> {
    let (dist, id) = (paths::dist()?, stamp::current(mode)?);
    if !is_up_to_date(&dist, &id) {
        return Build::begin(mode, id, folder.to_path_buf())?.add_rest();
    }
    for entry in
        WalkDir::new(&dist).into_iter().filter_entry(|entry| !folder.starts_with(entry.path()) || entry.depth() == 0)
    {
        let entry = entry?;
        if entry.file_type().is_file() {
            paths::link_or_copy(entry.path(), &folder.join(entry.path().strip_prefix(&dist)?))?;
        }
    }
    Ok(())
}

/// dist/, or a build that will take its place.
pub enum Site {
    /// dist/ is up to date.
    Whole(PathBuf),
    /// The page starts and runs models.
    Begun(Build),
}

/// Builds what the page needs to start and to run a model, unless dist/ is up to date already.
pub fn begin(mode: Mode) -> Result<Site> {
    let (dist, id) = (paths::dist()?, stamp::current(mode)?);
    if is_up_to_date(&dist, &id) {
        eprintln!("dist/ is up to date (build {id})");
        return Ok(Site::Whole(dist));
    }
    let folder = dist.with_file_name("dist-unfinished");
    Ok(Site::Begun(Build::begin(mode, id, folder)?))
}

/// A build under way.
pub struct Build {
    mode: Mode,
    id: String,
    folder: PathBuf,
    tools: Tools,
    started: Instant,
    _lock: File,
}

impl Build {
    fn begin(mode: Mode, id: String, folder: PathBuf) -> Result<Self> {
        let started = Instant::now();
        tools::check()?;
        let lock = paths::lock("build")?;
        say(&format!("building page and worker ({}; several minutes the first time)", mode.name()));
        tools::ensure_wasm_target()?;
        paths::claimed_target()?;
        paths::remove_folder(&folder)?;
        let root = paths::root()?;
        copy_folder(&root.join("public"), &folder)?;
        copy_folder(&root.join("style"), &folder.join("style"))?;
        // All at once: each of them has times in which it keeps one processor busy or none.
        let tools = thread::scope(|scope| {
            let tools = scope.spawn(Tools::ensure);
            let models = scope.spawn(models::ensure);
            let page = scope.spawn(move || page::compile(mode));
            let worker = scope.spawn(move || worker::compile(mode));
            ended(models)?;
            let tools = ended(tools)?;
            page::place(&tools, mode, &ended(page)?, &folder)?;
            worker::place(&tools, &ended(worker)?, worker::NAME, &folder)?;
            Ok::<_, anyhow::Error>(tools)
        })?;
        pages::finish(&folder, &id)?;
        models::place(&folder)?;
        Ok(Self { mode, id, folder, tools, started, _lock: lock })
    }

    /// Where the page is until `complete` is done.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the rest and puts all of it into the place of dist/; returns that.
    pub fn complete(self) -> Result<PathBuf> {
        self.add_rest()?;
        let (dist, old) = (paths::dist()?, paths::dist()?.with_file_name("dist-old"));
        paths::remove_folder(&old)?;
        if dist.exists() {
            fs::rename(&dist, &old).with_context(|| format!("cannot replace {}", dist.display()))?;
        }
        fs::rename(&self.folder, &dist).with_context(|| format!("cannot put the build into {}", dist.display()))?;
        paths::remove_folder(&old)?;
        report_sizes(&dist)?;
        eprintln!("built in {} s", self.started.elapsed().as_secs());
        Ok(dist)
    }

    /// Makes what the page does without until it is there: examples, the viewer of saved traces, threads, programs that are
    /// smaller and a little faster, the list of files to keep offline.
    fn add_rest(&self) -> Result<()> {
        let Self { id, folder, tools, .. } = self;
        let mode = self.mode;
        say("making examples, the viewer of saved traces, and the worker with threads");
        let threads = thread::scope(|scope| {
            let viewer = scope.spawn(move || viewer::compile(mode));
            let threads = scope.spawn(move || worker::compile_with_threads(mode));
            let worker = scope.spawn(|| worker::finish(tools, mode, worker::NAME, folder));
            example::place(folder)?;
            page::finish(tools, mode, folder)?;
            viewer::place(tools, mode, &ended(viewer)?, folder, id)?;
            ended(worker)?;
            Ok::<_, anyhow::Error>(ended(threads))
        })?;
        let threads = threads.and_then(|program| {
            worker::place(tools, &program, worker::THREADS, folder)?;
            worker::finish(tools, mode, worker::THREADS, folder)
        });
        if let Err(error) = &threads {
            warn(&format!(
                "the worker with threads could not be built, so this build runs every model on one thread: {error:#}. \
                 To try again, remove dist/ and build"
            ));
        }
        offline::list_files(folder, id)?;
        // Written last: an interrupted build is never taken for a whole one.
        let (mode, has_threads) = (mode.name(), threads.is_ok());
        let json = format!("{{\"id\":\"{id}\",\"mode\":\"{mode}\",\"threads\":{has_threads}}}\n");
        fs::write(folder.join("build.json"), json).context("cannot write build.json")
    }
}

/// What a thread has made.
fn ended<T>(thread: ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().unwrap_or_else(|_| Err(anyhow!("a step of the build panicked")))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
        } else {
            // Not linked: files of the site are written into, those of the project are not.
            fs::copy(entry.path(), &target).with_context(|| format!("cannot write {}", target.display()))?;
        }
    }
    Ok(())
}

fn is_up_to_date(dist: &Path, id: &str) -> bool {
    let whole = [
        "index.html",
        "boot.js",
        "app.js",
        "app_bg.wasm",
        "worker_boot.js",
        "worker.js",
        "worker_bg.wasm",
        "viewer.html",
        "sw.js",
    ]
    .iter()
    .all(|name| dist.join(name).is_file());
    let same = fs::read_to_string(dist.join("build.json")).is_ok_and(|text| text.contains(&format!("\"{id}\"")));
    whole && same && models::are_placed(dist) && example::is_placed(dist)
}

fn report_sizes(dist: &Path) -> Result<()> {
    for name in ["app_bg.wasm", "worker_bg.wasm", "worker_threads_bg.wasm", "viewer.html"] {
        if let Ok(file) = fs::metadata(dist.join(name)) {
            eprintln!("{name}: {} kB", file.len() / 1000);
        }
    }
    Ok(())
}

const START: &str = "\
Headlight, with its models: nothing here needs a network.

Browsers do not run such a page straight from disk, so serve this folder with any web server, for example
    python3 -m http.server 8080 --bind 127.0.0.1
and open http://127.0.0.1:8080/ in a browser.
";

/// dist/ as one archive beside it.
fn pack() -> Result<PathBuf> {
    say("packing dist.zip");
    let dist = paths::dist()?;
    let path = dist.with_extension("zip");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut zip = zip::ZipWriter::new(file);
    let plain = SimpleFileOptions::default();
    zip.start_file("START.txt", plain)?;
    io::copy(&mut START.as_bytes(), &mut zip)?;
    for entry in WalkDir::new(&dist).sort_by_file_name() {
        let entry = entry?;
        if !entry.file_type().is_file() {
            continue;
        }
        let name = entry.path().strip_prefix(&dist)?.to_string_lossy().replace('\\', "/");
        // Weights do not compress.
        let is_weights = name.ends_with(".safetensors") || name.ends_with(".gguf");
        let method = if is_weights { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
        zip.start_file(&name, plain.compression_method(method))?;
        io::copy(&mut File::open(entry.path())?, &mut zip).with_context(|| format!("cannot pack {name}"))?;
    }
    zip.finish().context("cannot finish dist.zip")?;
    Ok(path)
}
