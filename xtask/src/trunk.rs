//! What Trunk.toml has trunk call, so that `trunk build` and `trunk serve` make the same site as `cargo xtask build`.

use crate::dist::{self, Mode};
use crate::paths;
use anyhow::{Context, Result};

/// Fills the folder that trunk puts into the place of its dist/ afterwards.
pub fn build() -> Result<()> {
    let folder = paths::env_path("TRUNK_STAGING_DIR")
        .context("`cargo xtask trunk` is for trunk, which says where to build: run `trunk build` or `trunk serve`")?;
    let is_release = std::env::var("TRUNK_PROFILE").is_ok_and(|profile| profile == "release");
    dist::build_into(&folder, Mode::from_fast(!is_release))
}
