//! `cargo xtask serve`: builds what is not up to date and serves it on this machine, as soon as the page can be used. No service
//! worker keeps anything: what a reload shows is what was built last.

use crate::dist::{self, Mode, Site};
use crate::process::warn;
use crate::server::{Listener, check_folder};
use anyhow::{Context, Result};
use std::io::Write;

const DEFAULT_PORT: u16 = 8080;

/// Takes the place of the service worker: removes itself, and what an earlier one kept on this port.
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
    // Bound before the build: a busy port is said at once, not after minutes.
    let listener = Listener::bind(port)?;
    let site = dist::begin(mode)?;
    let folder = match &site {
        Site::Whole(folder) => folder,
        Site::Begun(build) => build.folder(),
    };
    check_folder(folder)?;
    let address = format!("http://127.0.0.1:{}/", listener.port);
    let server = listener.isolated().start_with(folder, "/", Some(("sw.js", NO_SERVICE_WORKER)))?;
    println!("\nHeadlight is at {address} (stop with Ctrl-C)");
    if let Site::Begun(build) = site {
        println!("It can be used. Threads, examples and saving as a page are still being made.");
        std::io::stdout().flush()?;
        server.is_unfinished(true);
        match build.complete() {
            Ok(folder) => {
                server.serve_from(&folder)?;
                server.is_unfinished(false);
                println!("\nEverything is made. Reload {address} to have threads and examples.");
            }
            Err(error) => warn(&format!("the page stays without threads, examples or saving as a page: {error:#}")),
        }
    }
    std::io::stdout().flush()?;
    server.run()
}
