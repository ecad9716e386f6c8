//! A worker's request, and its answer as it arrives.

use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, ReadableStreamDefaultReader, RequestInit, Response, WorkerGlobalScope};

use super::words::words;

/// An answer whose head has arrived.
pub struct Incoming {
    response: Response,
    reader: Option<ReadableStreamDefaultReader>,
}

impl Incoming {
    /// Requests a file from byte `from` on.
    ///
    /// Range is the only header: any other would need a preflight request, which not every server answers. A file that
    /// is kept (`is_kept`) stays out of the browser's own cache, which would store it twice and answer ranges from an
    /// older part.
    ///
    /// # Errors
    /// The browser's words, when there is no answer, or none that a page of this origin may read.
    pub async fn open(url: &str, from: u64, is_kept: bool) -> Result<Self, String> {
        let scope: WorkerGlobalScope = js_sys::global().dyn_into().map_err(|_| "no worker".to_owned())?;
        let init = RequestInit::new();
        if is_kept || from > 0 {
            Reflect::set(&init, &JsValue::from_str("cache"), &JsValue::from_str("no-store"))
                .map_err(|error| words(&error))?;
        }
        if from > 0 {
            let headers = Headers::new().map_err(|error| words(&error))?;
            headers.append("Range", &format!("bytes={from}-")).map_err(|error| words(&error))?;
            init.set_headers(&headers);
        }
        let response: Response = JsFuture::from(scope.fetch_with_str_and_init(url, &init))
            .await
            .map_err(|error| words(&error))?
            .unchecked_into();
        let reader = response.body().map(|body| body.get_reader().unchecked_into());
        Ok(Self { response, reader })
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status()
    }

    /// A header, where the server lets pages of other origins see it.
    pub fn header(&self, name: &str) -> Option<String> {
        self.response.headers().get(name).ok().flatten()
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// The browser's words, when the connection broke off.
    pub async fn next(&mut self) -> Result<Option<Uint8Array>, String> {
        let Some(reader) = &self.reader else { return Ok(None) };
        let next = JsFuture::from(reader.read()).await.map_err(|error| words(&error))?;
        let field = |name: &str| Reflect::get(&next, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
        if field("done").is_truthy() {
            self.reader = None;
            return Ok(None);
        }
        Ok(Some(field("value").unchecked_into()))
    }

    /// The whole answer as text.
    ///
    /// # Errors
    /// When the connection broke off, or the answer has more than `most` bytes or is not UTF-8.
    pub async fn text(mut self, most: usize) -> Result<String, String> {
        let mut bytes = Vec::new();
        while let Some(part) = self.next().await? {
            bytes.extend(part.to_vec());
            if bytes.len() > most {
                self.cancel().await;
                return Err(format!("it has more than {most} bytes"));
            }
        }
        String::from_utf8(bytes).map_err(|error| error.to_string())
    }

    /// Cancels the rest of the answer.
    pub async fn cancel(self) {
        if let Some(reader) = &self.reader {
            // A connection that was lost needs no closing.
            let _ = JsFuture::from(reader.cancel()).await;
        }
    }
}

/// Whether the browser reports that there is no network.
pub fn is_offline() -> bool {
    let scope = js_sys::global().dyn_into::<WorkerGlobalScope>();
    scope.is_ok_and(|scope| !scope.navigator().on_line())
}

/// Waits this many milliseconds.
pub async fn sleep(wait_ms: u64) {
    let Ok(scope) = js_sys::global().dyn_into::<WorkerGlobalScope>() else { return };
    let wait_ms = i32::try_from(wait_ms).unwrap_or(i32::MAX);
    let promise = Promise::new(&mut |resolve, reject| {
        if scope.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, wait_ms).is_err() {
            // Where the browser refuses a timer, nothing waits.
            let _ = reject.call0(&JsValue::UNDEFINED);
        }
    });
    let _ = JsFuture::from(promise).await;
}
