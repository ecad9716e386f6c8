//! Values that this tab keeps over a reload.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::page::{keep_for_reload, take_after_reload};

/// Keeps a value in this tab until it is taken. Says whether the browser has taken it.
pub fn keep_in_tab<T: Serialize>(key: &str, value: &T) -> bool {
    // A letter for each byte: storage counts letters.
    let text = postcard::to_stdvec(value).map(|bytes| bytes.into_iter().map(char::from).collect::<String>());
    text.is_ok_and(|text| keep_for_reload(key, &text))
}

/// Takes a value kept before a reload; nothing where there is none, or another version of the page wrote it.
pub fn take_from_tab<T: DeserializeOwned>(key: &str) -> Option<T> {
    let text = take_after_reload(key)?;
    let bytes: Option<Vec<u8>> = text.chars().map(|letter| u8::try_from(letter).ok()).collect();
    postcard::from_bytes(&bytes?).ok()
}
