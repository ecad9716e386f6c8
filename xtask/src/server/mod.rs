//! A small static file server for this machine only: media types, ranges, validators, and nothing outside its folder. Like the
//! hosts that pages are deployed to it sends no policies. The headers that isolate a page, which threads need, are sent only where the
//! server stands in for the service worker, which adds them otherwise.

mod answer;
mod range;
mod reply;

use anyhow::{Result, anyhow};
use hyper::Request;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use answer::answer;
use reply::isolated;

/// A path below the prefix, and the text that is sent for it instead of a file.
pub type Instead = (&'static str, &'static str);

/// What is served, and under which path.
struct Site {
    folder: RwLock<PathBuf>,
    prefix: &'static str,
    instead: Option<Instead>,
    is_isolated: bool,
    is_unfinished: AtomicBool,
}

/// A bound port that answers once `start` is called; requests that come earlier wait.
pub struct Listener {
    socket: TcpListener,
    /// The bound port.
    pub port: u16,
    is_isolated: bool,
}

impl Listener {
    /// Binds to the loopback address; port 0 takes a free one.
    pub fn bind(port: u16) -> Result<Self> {
        let socket = TcpListener::bind(("127.0.0.1", port)).map_err(|error| cannot_bind(port, error.kind()))?;
        let port = socket.local_addr()?.port();
        Ok(Self { socket, port, is_isolated: false })
    }

    /// Isolates its pages from other sites: with every file come the headers for it.
    pub fn isolated(self) -> Self {
        Self { is_isolated: true, ..self }
    }

    /// Serves `folder` under `prefix` ("/" or "/some/path/") on a thread of its own, as long as the program runs. However many
    /// connections a browser keeps open, none waits for another.
    pub fn start(self, folder: &Path, prefix: &'static str) -> Result<Server> {
        self.start_with(folder, prefix, None)
    }

    /// The same, but the script at the path `instead.0` is the text `instead.1`.
    pub fn start_with(self, folder: &Path, prefix: &'static str, instead: Option<Instead>) -> Result<Server> {
        let site = Arc::new(Site {
            folder: RwLock::new(folder.canonicalize()?),
            prefix,
            instead,
            is_isolated: self.is_isolated,
            is_unfinished: AtomicBool::new(false),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        self.socket.set_nonblocking(true)?;
        let socket = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(self.socket)?
        };
        let served = Arc::clone(&site);
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    match socket.accept().await {
                        Ok((stream, _)) => drop(tokio::spawn(converse(stream, Arc::clone(&served)))),
                        // For example out of file handles, which other connections will close.
                        Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                    }
                }
            });
        });
        Ok(Server { site, thread })
    }
}

/// A server that runs.
pub struct Server {
    site: Arc<Site>,
    thread: thread::JoinHandle<()>,
}

impl Server {
    /// Serves another folder from now on.
    pub fn serve_from(&self, folder: &Path) -> Result<()> {
        *self.site.folder.write().unwrap_or_else(PoisonError::into_inner) = folder.canonicalize()?;
        Ok(())
    }

    /// Whether files that are missing are still being made: whoever asks for one is told so.
    pub fn is_unfinished(&self, is_unfinished: bool) {
        self.site.is_unfinished.store(is_unfinished, Ordering::Relaxed);
    }

    /// Waits until the program is stopped.
    pub fn run(self) -> Result<()> {
        self.thread.join().map_err(|_| anyhow!("the server broke off"))
    }
}

/// Answers one connection until either side closes it.
async fn converse(stream: tokio::net::TcpStream, site: Arc<Site>) {
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let site = Arc::clone(&site);
        // Files are read where that holds up no other connection.
        tokio::task::spawn_blocking(move || {
            let reply = answer(&request, &site);
            if site.is_isolated { isolated(reply) } else { reply }
        })
    });
    // A browser that went away is not a failure of the server.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn cannot_bind(port: u16, why: io::ErrorKind) -> anyhow::Error {
    let what = match why {
        io::ErrorKind::AddrInUse => "is in use: stop what uses it",
        io::ErrorKind::PermissionDenied => "is not allowed to this user",
        _ => "cannot be bound",
    };
    anyhow!("port {port} {what}, or choose another with --port N")
}

/// Whether dist/ at `folder` can be served at all.
pub fn check_folder(folder: &Path) -> Result<()> {
    fs::metadata(folder.join("index.html")).map(|_| ()).map_err(|_| anyhow!("{} has no index.html", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// Browsers open six connections at once and keep them: one that is never answered leaves a page half loaded.
    #[test]
    fn many_connections_that_stay_open_are_all_answered() {
        use std::io::Write;
        use std::net::TcpStream;

        let folder = std::env::temp_dir().join(format!("headlight-connections-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.txt"), "0123456789").unwrap();
        let listener = Listener::bind(0).unwrap();
        let port = listener.port;
        listener.start(&folder, "/").unwrap();
        for _ in 0..20 {
            let mut open: Vec<TcpStream> = (0..12).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
            for stream in &mut open {
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                stream.write_all(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=2-4\r\n\r\n").unwrap();
            }
            for stream in &mut open {
                let mut heard = String::new();
                while !heard.ends_with("\r\n\r\n234") {
                    let mut bytes = [0; 512];
                    let n = stream.read(&mut bytes).unwrap();
                    assert!(n > 0, "{heard}");
                    heard.push_str(std::str::from_utf8(&bytes[..n]).unwrap());
                }
                assert!(heard.starts_with("HTTP/1.1 206 ") && heard.contains("content-length: 3\r\n"), "{heard}");
            }
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn missing_files_of_an_unfinished_site_are_still_being_made() {
        let folder = std::env::temp_dir().join(format!("headlight-unfinished-{}", std::process::id()));
        let (first, whole) = (folder.join("first"), folder.join("whole"));
        for site in [&first, &whole] {
            fs::create_dir_all(site).unwrap();
            fs::write(site.join("index.html"), "").unwrap();
        }
        fs::write(whole.join("viewer.html"), "").unwrap();
        let server = Listener::bind(0).unwrap().start(&first, "/").unwrap();
        let status = |name: &str| {
            let request = Request::get(format!("/{name}")).body(()).unwrap();
            answer(&request, &server.site).status().as_u16()
        };
        assert_eq!([status("index.html"), status("viewer.html")], [200, 404]);
        server.is_unfinished(true);
        assert_eq!([status("index.html"), status("viewer.html")], [200, 503]);
        server.serve_from(&whole).unwrap();
        server.is_unfinished(false);
        assert_eq!([status("viewer.html"), status("none")], [200, 404]);
        fs::remove_dir_all(folder).unwrap();
    }
}
