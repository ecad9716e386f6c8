//! The worker that runs the model: see `headlight::worker`.

fn main() {
    #[cfg(target_arch = "wasm32")]
    headlight::worker::start();
}
