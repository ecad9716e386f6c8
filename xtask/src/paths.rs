//! The paths of the checkout and of the folder in the user's cache that every clone shares. Only this file builds
//! such paths.

use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The root of the checkout: the folder above this package.
pub fn root() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).context("xtask has no folder above it")
}

/// Tools, models and compiled dependencies: HEADLIGHT_CACHE, else `headlight` in XDG_CACHE_HOME or ~/.cache.
pub fn cache() -> Result<PathBuf> {
    if let Some(folder) = env_path("HEADLIGHT_CACHE") {
        return std::path::absolute(folder).context("HEADLIGHT_CACHE is not a path");
    }
    if let Some(folder) = env_path("XDG_CACHE_HOME").filter(|folder| folder.is_absolute()) {
        return Ok(folder.join("headlight"));
    }
    match std::env::home_dir() {
        Some(home) if !home.as_os_str().is_empty() => Ok(home.join(".cache").join("headlight")),
        _ => bail!("no home folder found: set HEADLIGHT_CACHE to a folder for tools and models"),
    }
}

/// Where every inner cargo call compiles, so that dependencies survive clean checkouts: HEADLIGHT_TARGET, for work in
/// several checkouts at once, else `target` in the cache.
pub fn target() -> Result<PathBuf> {
    match env_path("HEADLIGHT_TARGET") {
        Some(folder) => std::path::absolute(folder).context("HEADLIGHT_TARGET is not a path"),
        None => Ok(cache()?.join("target")),
    }
}

/// `target`, for compiling this checkout. Cargo identifies objects by the path inside the workspace and their age by time, so
/// objects of another checkout that are newer than this checkout's files would pass for this checkout's. Where another checkout
/// compiled last, the project's own packages are therefore marked as changed. Dependencies stay.
pub fn claimed_target() -> Result<PathBuf> {
    let target = target()?;
    let root = root()?;
    let owner = target.join("checkout.txt");
    if fs::read_to_string(&owner).is_ok_and(|text| Path::new(&text) == root) {
        return Ok(target);
    }
    for name in ["src/lib.rs", "xtask/src/main.rs", "xtask/bindgen/src/main.rs"] {
        let file = File::options().append(true).open(root.join(name)).with_context(|| format!("cannot open {name}"))?;
        file.set_modified(SystemTime::now()).with_context(|| format!("cannot touch {name}"))?;
    }
    fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
    fs::write(&owner, root.to_string_lossy().as_bytes())
        .with_context(|| format!("cannot write {}", owner.display()))?;
    Ok(target)
}

/// One folder per tool and version.
pub fn tools() -> Result<PathBuf> {
    Ok(cache()?.join("tools"))
}

/// One folder per bundled model.
pub fn models() -> Result<PathBuf> {
    Ok(cache()?.join("models"))
}

/// The built static site, in the checkout.
pub fn dist() -> Result<PathBuf> {
    Ok(root()?.join("dist"))
}

/// An environment variable that names a path; an empty one counts as unset.
pub fn env_path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Waits until no other xtask of this user holds the lock `name`. The lock ends when the file is dropped.
pub fn lock(name: &str) -> Result<File> {
    let folder = cache()?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the cache folder {}", folder.display()))?;
    let path = folder.join(format!("{name}.lock"));
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    if file.try_lock().is_err() {
        eprintln!("waiting for another cargo xtask to finish its {name} ...");
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(file)
}

/// Removes a folder with everything in it, if it exists.
pub fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Makes `to` the same file as `from`: a hard link where the file system allows it, else a copy.
pub fn link_or_copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    if to.exists() {
        fs::remove_file(to).with_context(|| format!("cannot replace {}", to.display()))?;
    }
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    }
    Ok(())
}
