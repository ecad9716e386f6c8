//! Settings that the browser keeps between visits. Only the page on its own keeps any: a saved file and a frame have no storage.

use super::Page;
use crate::platform::page;
use crate::state::Home;

pub const THEME_KEY: &str = "headlight.theme";
pub const LAYOUT_KEY: &str = "headlight.layout";
pub const THREADS_KEY: &str = "headlight.threads";
pub const HUB_KEY: &str = "headlight.hub";

/// The value kept under a key.
pub fn kept(home: Home, key: &str) -> Option<String> {
    if home.is_page() { page::kept(key) } else { None }
}

impl Page {
    pub(super) fn keep(self, key: &str, value: &str) {
        if self.peek(|state| state.home.is_page()) {
            page::keep(key, value);
        }
    }
}
