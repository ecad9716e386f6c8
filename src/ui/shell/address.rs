//! Writes the page's address, a little after a choice: to a browser each change is a navigation, which takes milliseconds, and it
//! refuses changes that come too often.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;

use crate::platform::page::{self, set_fragment};

/// How long choices must rest before the address is written, in milliseconds: longer than a held key takes to repeat, shorter than
/// anybody takes to reload.
const REST_MS: u32 = 50;

/// The fragment that is still to be written, if any.
#[derive(Clone, Copy)]
pub struct Address(StoredValue<Option<(String, Timeout)>, LocalStorage>);

impl Address {
    /// An address with nothing to write.
    pub fn new() -> Self {
        Self(StoredValue::new_local(None))
    }

    /// Replaces the present history entry once choices rest.
    pub fn replace(self, fragment: String) {
        let timeout = Timeout::new(REST_MS, move || self.write_now());
        // Dropping an earlier timeout cancels it.
        self.0.set_value(Some((fragment, timeout)));
    }

    /// Adds a history entry at once, so that going back leads to the choice before.
    pub fn push(self, fragment: &str) {
        self.write_now();
        set_fragment(fragment, true);
    }

    /// Drops what is still to be written: somebody changed the address, and it belonged to the entry left behind.
    pub fn forget(self) {
        self.0.set_value(None);
    }

    /// The whole address, with every choice so far.
    pub fn whole(self) -> String {
        self.write_now();
        page::address()
    }

    fn write_now(self) {
        if let Some((fragment, _)) = self.0.try_update_value(Option::take).flatten() {
            set_fragment(&fragment, false);
        }
    }
}
