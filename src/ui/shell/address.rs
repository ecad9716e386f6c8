//! The page's address follows what is chosen, a little later: browsers make a change of it cost milliseconds (it is a navigation to
//! them) and refuse one that comes too often.

use gloo::timers::callback::Timeout;
use leptos::prelude::*;

use crate::platform::page::{self, set_fragment};

/// How long nothing else must be chosen, milliseconds: longer than between two of a key that is held, shorter than anybody takes
/// to reload.
const REST_MS: u32 = 50;

/// What is still to be written.
#[derive(Clone, Copy)]
pub struct Address(StoredValue<Option<(String, Timeout)>, LocalStorage>);

impl Address {
    /// Of a page.
    pub fn new() -> Self {
        Self(StoredValue::new_local(None))
    }

    /// Replaces the present entry of the history once nothing has been chosen for a while.
    pub fn replace(self, fragment: String) {
        let timeout = Timeout::new(REST_MS, move || self.write_now());
        // The one before it, if any, is dropped, which cancels it.
        self.0.set_value(Some((fragment, timeout)));
    }

    /// Adds an entry at once; going back leads to what was chosen before.
    pub fn push(self, fragment: &str) {
        self.write_now();
        set_fragment(fragment, true);
    }

    /// The address was changed by somebody else: what was still to be written is of the entry that was left.
    pub fn forget(self) {
        self.0.set_value(None);
    }

    /// What is in the address bar, with everything that was chosen so far.
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
