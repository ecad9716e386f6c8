//! The page's end of a worker: starts it, receives its messages, and ends it when dropped.
//!
//! Invariant: no message of a worker arrives after its client is dropped.
//!
//! A worker that ends itself, or that the browser ends, fires no event. It holds a lock under its own name for as long as
//! it lives (`public/worker_boot.js`); the page waits for that lock, and so hears of the end.

use std::cell::Cell;
use std::marker::PhantomData;
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{ErrorEvent, Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::locks::when_released;
use super::port;
use super::words::words;

/// News of a worker.
#[derive(Clone, Debug)]
pub enum News<In> {
    /// A message with its buffers.
    Said(In, Vec<Vec<f32>>),
    /// A message of another form or version, in words.
    Unreadable(String),
    /// The worker ended by itself or never started, with its last words.
    Broke(String),
}

type Listener = Closure<dyn FnMut(Event)>;

/// A running worker that takes messages of type `Out`.
pub struct WorkerClient<Out> {
    worker: Worker,
    listeners: [(&'static str, Listener); 3],
    /// Whether the page still wants to hear of the worker.
    is_wanted: Rc<Cell<bool>>,
    takes: PhantomData<fn(&Out)>,
}

impl<Out: Serialize> WorkerClient<Out> {
    /// Starts the module worker at `url`.
    ///
    /// # Errors
    /// When the browser refuses to start a worker. A script that fails to load is reported later, as [`News::Broke`].
    pub fn start<In: DeserializeOwned + 'static>(
        url: &str,
        on_news: impl Fn(News<In>) + 'static,
    ) -> Result<Self, String> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let name = format!("headlight-worker-{}", js_sys::Math::random());
        options.set_name(&name);
        let worker = Worker::new_with_options(url, &options).map_err(|error| words(&error))?;
        let on_news = Rc::new(on_news);
        let listener = |hear: fn(&Event) -> News<In>| {
            let on_news = Rc::clone(&on_news);
            Listener::new(move |event: Event| on_news(hear(&event)))
        };
        let is_wanted = Rc::new(Cell::new(true));
        let watch = {
            let (on_news, is_wanted, is_watched) = (Rc::clone(&on_news), Rc::clone(&is_wanted), Cell::new(false));
            // With its first message the worker is known to have asked for the lock.
            move || {
                if !is_watched.replace(true) {
                    let (on_news, is_wanted) = (Rc::clone(&on_news), Rc::clone(&is_wanted));
                    when_released(&name, move || {
                        if is_wanted.get() {
                            on_news(News::Broke("it ended without a word".to_owned()));
                        }
                    });
                }
            }
        };
        let messages = {
            let on_news = Rc::clone(&on_news);
            Listener::new(move |event: Event| {
                watch();
                on_news(event.dyn_ref().map_or_else(unreadable, read));
            })
        };
        let listeners = [
            ("message", messages),
            ("messageerror", listener(|_| unreadable())),
            ("error", listener(|event| News::Broke(last_words(event)))),
        ];
        for (name, closure) in &listeners {
            worker
                .add_event_listener_with_callback(name, closure.as_ref().unchecked_ref())
                .map_err(|error| words(&error))?;
        }
        Ok(Self { worker, listeners, is_wanted, takes: PhantomData })
    }

    /// Posts a message.
    ///
    /// # Errors
    /// In words, when the message cannot be encoded or posted.
    pub fn send(&self, message: &Out) -> Result<(), String> {
        self.send_with_files(message, &[])
    }

    /// Posts a message with files beside it.
    ///
    /// # Errors
    /// In words, when the message cannot be encoded or posted.
    pub fn send_with_files(&self, message: &Out, files: &[web_sys::Blob]) -> Result<(), String> {
        let encoded = port::encode_with_files(message, files).map_err(|error| error.to_string())?;
        self.worker.post_message_with_transfer(&encoded.message, &encoded.transfer).map_err(|error| words(&error))
    }
}

impl<Out> Drop for WorkerClient<Out> {
    fn drop(&mut self) {
        self.is_wanted.set(false);
        for (name, closure) in &self.listeners {
            // A listener that was removed before needs no removing.
            let _ = self.worker.remove_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        }
        self.worker.terminate();
    }
}

fn unreadable<In>() -> News<In> {
    News::Unreadable("the browser could not read it".to_owned())
}

fn read<In: DeserializeOwned>(event: &MessageEvent) -> News<In> {
    let data = event.data();
    if let Some(reason) = data.as_string() {
        // Only the boot file sends this: the program itself did not start.
        return News::Broke(reason);
    }
    match port::decode(&data) {
        Ok((message, buffers)) => News::Said(message, buffers.iter().map(js_sys::Float32Array::to_vec).collect()),
        Err(error) => News::Unreadable(error.to_string()),
    }
}

fn last_words(event: &Event) -> String {
    let message = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).unwrap_or_default();
    let message = message.trim_start_matches("Uncaught ");
    match message.split_once('\n') {
        _ if message.is_empty() => "its program could not be loaded".to_owned(),
        // The first line of a panic only names a source line, which the console shows as well.
        Some((first, rest)) if first.contains("panicked at") => rest.trim().to_owned(),
        _ => message.to_owned(),
    }
}
