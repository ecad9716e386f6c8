//! The worker that runs the model: see `headlight::worker`. In the build with shared memory its boot file starts the other
//! threads first, which load this program too.

fn main() {
    #[cfg(all(target_arch = "wasm32", not(feature = "threads")))]
    headlight::worker::start(1);
}

#[cfg(all(target_arch = "wasm32", feature = "threads"))]
mod threads {
    use std::sync::{Condvar, Mutex, PoisonError};

    use rayon::{ThreadBuilder, ThreadPoolBuilder};
    use wasm_bindgen::JsValue;
    use wasm_bindgen::prelude::wasm_bindgen;

    /// Threads of rayon's pool that no thread of the browser runs yet, and the signal that there is one.
    static UNSTARTED: Mutex<Vec<ThreadBuilder>> = Mutex::new(Vec::new());
    static ADDED: Condvar = Condvar::new();

    /// The program, for the threads that share it.
    #[wasm_bindgen]
    pub fn shared_program() -> JsValue {
        wasm_bindgen::module()
    }

    /// The program's memory, for the threads that share it. The name `memory` is taken by the memory's own export.
    #[wasm_bindgen]
    pub fn shared_memory() -> JsValue {
        wasm_bindgen::memory()
    }

    /// Starts the worker on `threads` threads: this one, and those that call `run_thread`, which must have loaded the program.
    ///
    /// # Errors
    /// When rayon cannot make its pool.
    #[wasm_bindgen]
    pub fn start(threads: u32) -> Result<(), JsValue> {
        let n_others = threads.saturating_sub(1) as usize;
        let add = |thread| {
            UNSTARTED.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
            ADDED.notify_one();
            Ok(())
        };
        let pool = ThreadPoolBuilder::new().num_threads(n_others).spawn_handler(add).build_global();
        pool.map_err(|error| JsValue::from_str(&error.to_string()))?;
        headlight::kernels::threads::set_count(threads as usize);
        headlight::worker::start(threads);
        Ok(())
    }

    /// Runs one thread of the pool, as long as the worker lives.
    #[wasm_bindgen]
    pub fn run_thread() {
        let mut unstarted = UNSTARTED.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = loop {
            match unstarted.pop() {
                Some(thread) => break thread,
                None => unstarted = ADDED.wait(unstarted).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(unstarted);
        thread.run();
    }
}
