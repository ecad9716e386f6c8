//! Files that the reader picks or drops: their names, and handles that read them in place.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File, HtmlInputElement};

#[wasm_bindgen]
extern "C" {
    /// A dropped file or folder: FileSystemEntry.
    type Entry;
    #[wasm_bindgen(method, getter, js_name = isDirectory)]
    fn is_directory(this: &Entry) -> bool;
    #[wasm_bindgen(method, getter)]
    fn name(this: &Entry) -> String;
    #[wasm_bindgen(method)]
    fn file(this: &Entry, found: &Function, failed: &Function);
    #[wasm_bindgen(method, js_name = createReader)]
    fn create_reader(this: &Entry) -> Reader;

    /// Lists a folder, some entries at a time: FileSystemDirectoryReader.
    type Reader;
    #[wasm_bindgen(method, js_name = readEntries)]
    fn read_entries(this: &Reader, found: &Function, failed: &Function);

    /// DataTransferItem.
    type Item;
    #[wasm_bindgen(method, getter)]
    fn kind(this: &Item) -> String;
    #[wasm_bindgen(method, js_name = webkitGetAsEntry)]
    fn entry(this: &Item) -> Option<Entry>;
    #[wasm_bindgen(method, js_name = getAsFile)]
    fn file(this: &Item) -> Option<File>;
}

/// Names of files that are sets of texts end so; no model is one of them alone.
pub const SET_ENDINGS: [&str; 7] = [".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".txt"];

/// Picked files.
#[derive(Clone, Debug, Default)]
pub struct Picked {
    /// Name of the folder, where a folder was picked.
    pub folder: Option<String>,
    /// Paths below the folder, and the files.
    pub files: Vec<(String, Blob)>,
}

/// Dropped files and folders that have not been listed yet.
#[derive(Default)]
pub struct Dropped {
    entries: Vec<Entry>,
    /// Files outside any file system, such as pictures of another page.
    files: Vec<File>,
}

impl Picked {
    /// Takes the files of a file input. The input is emptied, so that the same files can be picked again.
    pub fn of_input(input: &HtmlInputElement) -> Self {
        let list = Reflect::get(input, &JsValue::from_str("files")).unwrap_or(JsValue::NULL);
        let mut picked = Self::default();
        if list.is_null() || list.is_undefined() {
            return picked;
        }
        for file in Array::from(&list).iter().filter_map(|file| file.dyn_into::<File>().ok()) {
            let path =
                Reflect::get(&file, &JsValue::from_str("webkitRelativePath")).ok().and_then(|path| path.as_string());
            match path.as_deref().and_then(|path| path.split_once('/')) {
                Some((folder, below)) => {
                    picked.folder = Some(folder.to_owned());
                    picked.files.push((below.to_owned(), file.into()));
                }
                None => picked.files.push((file.name(), file.into())),
            }
        }
        input.set_value("");
        picked
    }
}

impl Dropped {
    /// Takes the files of a drop event. They must be taken at once: a moment later the event carries nothing.
    pub fn of_event(event: &JsValue) -> Self {
        let get =
            |object: &JsValue, name: &str| Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::NULL);
        let transfer = get(event, "dataTransfer");
        if transfer.is_null() || transfer.is_undefined() {
            return Self::default();
        }
        let items = Array::from(&get(&transfer, "items"));
        let mut dropped = Self::default();
        for item in items.iter().map(|item| item.unchecked_into::<Item>()).filter(|item| item.kind() == "file") {
            match item.entry() {
                Some(entry) => dropped.entries.push(entry),
                None => dropped.files.extend(item.file()),
            }
        }
        dropped
    }

    /// Whether no file was dropped.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.files.is_empty()
    }

    /// Whether a single trace or set of texts was dropped, which is not a model.
    pub fn is_no_model(&self) -> bool {
        let entries = self.entries.iter().filter(|entry| !entry.is_directory()).map(Entry::name);
        let names: Vec<String> = entries.chain(self.files.iter().map(File::name)).collect();
        let is_one_of_these = |name: &String| {
            let name = name.to_ascii_lowercase();
            name.ends_with(".safetensors") || SET_ENDINGS.iter().any(|ending| name.ends_with(ending))
        };
        matches!(names.as_slice(), [one] if is_one_of_these(one)) && self.entries.len() + self.files.len() == 1
    }

    /// Lists the files, and those of a folder, but not those of folders within it, where no checkpoint lies.
    pub async fn read(self) -> Picked {
        let mut picked = Picked::default();
        let is_one_folder = matches!(self.entries.as_slice(), [one] if one.is_directory());
        picked.files.extend(self.files.into_iter().map(|file| (file.name(), file.into())));
        for entry in self.entries {
            if !entry.is_directory() {
                picked.files.extend(file_of(&entry).await);
                continue;
            }
            if is_one_folder {
                picked.folder = Some(entry.name());
            }
            let reader = entry.create_reader();
            loop {
                let found = called_back(|found, failed| reader.read_entries(found, failed)).await;
                let found = found.map(|list| Array::from(&list)).unwrap_or_default();
                if found.length() == 0 {
                    break;
                }
                for inner in found.iter().map(|inner| inner.unchecked_into::<Entry>()) {
                    if !inner.is_directory() {
                        picked.files.extend(file_of(&inner).await);
                    }
                }
            }
        }
        picked
    }
}

async fn file_of(entry: &Entry) -> Option<(String, Blob)> {
    let file = called_back(|found, failed| entry.file(found, failed)).await.ok()?;
    Some((entry.name(), file.dyn_into().ok()?))
}

/// Turns an API with callbacks into a future.
async fn called_back(ask: impl Fn(&Function, &Function)) -> Result<JsValue, JsValue> {
    let promise = Promise::new(&mut |found, failed| ask(&found, &failed));
    JsFuture::from(promise).await
}

/// Listens for files dragged over the window and dropped on it; otherwise the browser would leave the page to show
/// them. The returned listeners are active as long as they live.
pub fn on_drop(hear: impl Fn(Dropped) + 'static) -> Option<DropListeners> {
    let target: web_sys::EventTarget = web_sys::window()?.into();
    let over = Listener::new(|event: web_sys::Event| {
        // Dragged text is left to the browser.
        if carries_files(&event) {
            event.prevent_default();
        }
    });
    let dropped = Listener::new(move |event: web_sys::Event| {
        if event.default_prevented() {
            return;
        }
        let files = Dropped::of_event(&event);
        if !(files.is_empty() || files.is_no_model()) {
            event.prevent_default();
            hear(files);
        }
    });
    let listeners = [("dragover", over), ("drop", dropped)];
    for (name, closure) in &listeners {
        target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref()).ok()?;
    }
    Some(DropListeners { target, listeners })
}

fn carries_files(event: &JsValue) -> bool {
    let get = |object: &JsValue, name: &str| Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::NULL);
    let transfer = get(event, "dataTransfer");
    let is_there = !(transfer.is_null() || transfer.is_undefined());
    is_there && Array::from(&get(&transfer, "types")).includes(&JsValue::from_str("Files"), 0)
}

type Listener = Closure<dyn FnMut(web_sys::Event)>;

/// Removes the listener when dropped.
pub struct DropListeners {
    target: web_sys::EventTarget,
    listeners: [(&'static str, Listener); 2],
}

impl Drop for DropListeners {
    fn drop(&mut self) {
        for (name, closure) in &self.listeners {
            // A listener that was removed before needs no removing.
            let _ = self.target.remove_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        }
    }
}
