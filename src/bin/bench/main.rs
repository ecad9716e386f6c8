//! Measures the worker that ships, from a page of its own: `cargo xtask bench` opens it in headless Chromium and reads
//! the console. Each figure is one line, `BENCH ` and a JSON object; `BENCH-DONE` or `BENCH-FAILED: why` ends the list.
//! It talks to the worker as the page does and knows only `protocol` and `platform`.

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(target_arch = "wasm32")]
mod cancel;
#[cfg(target_arch = "wasm32")]
mod client;
#[cfg(target_arch = "wasm32")]
mod costs;
#[cfg(target_arch = "wasm32")]
mod figure;
#[cfg(target_arch = "wasm32")]
mod gradients;
mod lens;
#[cfg(target_arch = "wasm32")]
#[path = "../measure/message.rs"]
mod message;
#[cfg(target_arch = "wasm32")]
mod model;
#[cfg(target_arch = "wasm32")]
mod ratios;
#[cfg(target_arch = "wasm32")]
mod sweep;
#[cfg(target_arch = "wasm32")]
mod threads;

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(async {
        match model::measure_all(&only()).await {
            Ok(()) => print("BENCH-DONE"),
            Err(error) => print(&format!("BENCH-FAILED: {error}")),
        }
    });
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("this measures in a browser: cargo xtask bench");
}

/// The text that the names of figures must contain, from `?only=`; empty for all.
#[cfg(target_arch = "wasm32")]
fn only() -> String {
    let search = web_sys::window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    let value = search.split(['?', '&']).find_map(|part| part.strip_prefix("only=")).unwrap_or_default();
    js_sys::decode_uri_component(value).map(String::from).unwrap_or_default()
}

#[cfg(target_arch = "wasm32")]
fn print(line: &str) {
    web_sys::console::log_1(&line.into());
}
