//! The derived form of an edit, for messages alone: JSON has a form of its own, which files and links share with other programs.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why the derived form is refused.
const REASON: &str = "edits are written by Edit::to_json and read by Edit::from_json";

pub(super) fn serialize<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        return Err(S::Error::custom(REASON));
    }
    value.serialize(serializer)
}

pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    if deserializer.is_human_readable() {
        return Err(D::Error::custom(REASON));
    }
    T::deserialize(deserializer)
}
