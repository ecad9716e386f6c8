//! A worker that only measures kernels, compiled like the worker that ships. It does one task per message and answers with the
//! time the task took; `cargo xtask bench` builds it and serves it beside the measuring page.

#[cfg(target_arch = "wasm32")]
mod message;
#[cfg(target_arch = "wasm32")]
mod products;
#[cfg(target_arch = "wasm32")]
mod rows;
#[cfg(target_arch = "wasm32")]
mod tasks;

fn main() {
    #[cfg(target_arch = "wasm32")]
    serve::start();
}

#[cfg(target_arch = "wasm32")]
mod serve {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::message::{Task, Took};
    use super::tasks::Bench;
    use headlight::platform::port::{decode, encode};
    use wasm_bindgen::JsCast;
    use wasm_bindgen::closure::Closure;
    use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

    /// Answers tasks until the page ends the worker.
    pub fn start() {
        console_error_panic_hook::set_once();
        let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else { return };
        let bench = Rc::new(RefCell::new(Bench::default()));
        let answer_to = scope.clone();
        let listen = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let (bench, answer_to) = (Rc::clone(&bench), answer_to.clone());
            let task = decode::<Task>(&event.data()).map(|(task, _)| task).map_err(|error| error.to_string());
            wasm_bindgen_futures::spawn_local(async move {
                let took = match task {
                    Ok(Task::Tokenizer { files }) => super::tasks::tokenizer(&files).await,
                    Ok(task) => bench.borrow_mut().take(&task),
                    Err(error) => Err(error),
                };
                say(&answer_to, &took);
            });
        });
        scope.set_onmessage(Some(listen.as_ref().unchecked_ref()));
        listen.forget();
        say(&scope, &Ok(Took { ms: 0.0, flop: 0.0, bytes: 0.0 }));
    }

    fn say(scope: &DedicatedWorkerGlobalScope, took: &Result<Took, String>) {
        if let Ok(encoded) = encode(took, &[]) {
            // There is nobody to tell when the page is gone.
            let _ = scope.post_message_with_transfer(&encoded.message, &encoded.transfer);
        }
    }
}
