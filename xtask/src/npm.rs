//! The npm package of the element `<headlight-view>`.

use crate::dist::{self, Mode};
use crate::paths;
use crate::process::run;
use anyhow::{Context, Result};
use std::process::Command;

/// The command: dist-npm/, from which `npm pack` and `npm publish` take the package.
pub fn build(mode: Mode) -> Result<()> {
    let (dist, root) = (dist::ensure(mode)?, paths::root()?);
    let folder = root.join("dist-npm");
    run(Command::new("node").arg(root.join("npm/make.mjs")).arg(dist).arg(&folder))
        .context("could not make the npm package")?;
    println!("{} is ready: npm pack {0}", folder.display());
    Ok(())
}
