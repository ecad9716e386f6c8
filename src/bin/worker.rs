//! The worker that runs the model: see `headlight::worker`. Its build with shared memory is started by its boot file, once the
//! other threads are there: they load this program too.

fn main() {
    #[cfg(all(target_arch = "wasm32", not(feature = "threads")))]
    headlight::worker::start(1);
}

#[cfg(all(target_arch = "wasm32", feature = "threads"))]
mod threads {
    use wasm_bindgen::prelude::wasm_bindgen;
    #[allow(unused_imports, reason = "the boot file calls it")]
    pub use wasm_bindgen_rayon::init_thread_pool;

    /// Starts the worker on so many threads, this one among them.
    #[wasm_bindgen]
    pub fn start(threads: u32) {
        headlight::kernels::threads::set_count(threads as usize);
        headlight::worker::start(threads);
    }
}
