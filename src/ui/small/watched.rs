//! What the browser says of an element or of the window, followed: the size of an element's content, whether a media query matches, how
//! many pixels of the screen a CSS pixel has.
//!
//! The crates that do this (leptos-use) read sizes of SVG elements as text too, and so bring a reader of decimal numbers: they make what is
//! fetched before the first figure some 20 kB larger.

use gloo::events::EventListener;
use js_sys::{Array, Number};
use leptos::html::ElementType;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, MediaQueryList, ResizeObserver, ResizeObserverEntry};

use crate::ui::erased::effect;

/// Width and height of the content of an element in CSS pixels: 0 before it is in the document.
pub fn element_size<E>(element: NodeRef<E>) -> (RwSignal<f64>, RwSignal<f64>)
where
    E: ElementType<Output: JsCast + Clone + Into<Element>> + 'static,
{
    size_of(Box::new(move || element.get().map(Into::into)))
}

fn size_of(element: Box<dyn Fn() -> Option<Element>>) -> (RwSignal<f64>, RwSignal<f64>) {
    let (width, height) = (RwSignal::new(0.0), RwSignal::new(0.0));
    let observed = StoredValue::new_local(None::<Observed>);
    effect(move || observed.set_value(element().and_then(|element| Observed::new(&element, width, height))));
    (width, height)
}

/// Whether a media query matches.
pub fn media_query(query: &str) -> RwSignal<bool> {
    let matches = RwSignal::new(false);
    let listener = listen(query, move |list| _ = matches.try_set(list.matches()));
    if let Some((list, _)) = &listener {
        matches.set(list.matches());
    }
    StoredValue::new_local(listener);
    matches
}

/// How many pixels of the screen a CSS pixel has.
pub fn device_pixel_ratio() -> RwSignal<f64> {
    let ratio = RwSignal::new(window().device_pixel_ratio());
    let listener = StoredValue::new_local(None);
    effect(move || {
        // Only a query about the present ratio reports that it changes.
        let present = Number::from(ratio.get()).to_string_with_radix(10).map_or_else(|_| "1".to_owned(), String::from);
        let heard = move |_: &MediaQueryList| _ = ratio.try_set(window().device_pixel_ratio());
        listener.set_value(listen(&format!("(resolution: {present}dppx)"), heard));
    });
    ratio
}

/// Hears of changes of a media query, for as long as what it returns is kept.
fn listen(query: &str, heard: impl Fn(&MediaQueryList) + 'static) -> Option<(MediaQueryList, EventListener)> {
    let list = window().match_media(query).ok().flatten()?;
    let of_list = list.clone();
    let listener = EventListener::new(&list, "change", move |_| heard(&of_list));
    Some((list, listener))
}

/// An observer of an element's size; dropping it ends it.
struct Observed {
    observer: ResizeObserver,
    _heard: Closure<dyn FnMut(Array)>,
}

impl Observed {
    fn new(element: &Element, width: RwSignal<f64>, height: RwSignal<f64>) -> Option<Self> {
        let heard = Closure::<dyn FnMut(Array)>::new(move |entries: Array| {
            if let Some(entry) = entries.pop().dyn_ref::<ResizeObserverEntry>() {
                let rect = entry.content_rect();
                width.try_set(rect.width());
                height.try_set(rect.height());
            }
        });
        let observer = ResizeObserver::new(heard.as_ref().unchecked_ref()).ok()?;
        observer.observe(element);
        Some(Self { observer, _heard: heard })
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
