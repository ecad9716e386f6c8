//! `cargo xtask serve`: builds what is not up to date and serves it on this machine. Nothing is kept by a service worker: what
//! a reload shows is what was built last.

use crate::dist::{self, Mode};
use crate::server::{Listener, check_folder};
use anyhow::{Context, Result};
use std::io::Write;

const DEFAULT_PORT: u16 = 8080;

/// In the place of the service worker: takes itself out, and what another one kept on this port.
const NO_SERVICE_WORKER: &str = "\
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(letGo()));
async function letGo() {
  const names = (await caches.keys()).filter((name) => name.startsWith('headlight-shell-'));
  await Promise.all(names.map((name) => caches.delete(name)));
  await registration.unregister();
}
";

/// Runs until it is stopped.
pub fn serve(port: Option<&str>, mode: Mode) -> Result<()> {
    let port = match port {
        Some(text) => text.parse().ok().with_context(|| format!("--port needs a number up to 65535, not {text:?}"))?,
        None => DEFAULT_PORT,
    };
    // Bound before the build: a busy port is said at once, not after twenty minutes.
    let listener = Listener::bind(port)?;
    let folder = dist::ensure(mode)?;
    check_folder(&folder)?;
    println!("\nHeadlight is at http://127.0.0.1:{}/ (stop with Ctrl-C)", listener.port);
    std::io::stdout().flush()?;
    // It ends only with the program.
    let _ = listener.isolated().start_with(&folder, "/", Some(("sw.js", NO_SERVICE_WORKER)))?.join();
    Ok(())
}
