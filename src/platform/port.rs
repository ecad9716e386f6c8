//! Messages between page and worker: postcard bytes, with buffers transferred beside them.
//!
//! A message is a JavaScript array: first a `Uint8Array` with the encoded value, then one `Float32Array` for each
//! buffer. All of them are transferred, never cloned. WebAssembly memory itself cannot be transferred, so each buffer
//! is copied once. Picked files travel as blobs: a handle is copied, and the bytes stay on disk.

use js_sys::{Array, Float32Array, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

/// The data that arrived is not a message.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The data is not an array that starts with bytes.
    #[error("the message is not in the expected form")]
    Form,
    /// The bytes are not the expected value.
    #[error("the message cannot be decoded: {0}")]
    Value(#[from] postcard::Error),
}

/// A message ready for `postMessage`: the value to send, and the list of what it transfers.
pub struct Encoded {
    /// The value to send.
    pub message: Array,
    /// The list of what to transfer.
    pub transfer: Array,
}

/// Encodes a value and copies the buffers out of WebAssembly memory.
///
/// # Errors
/// When the value cannot be encoded; messages of `protocol` always can.
pub fn encode<T: Serialize>(value: &T, buffers: &[&[f32]]) -> Result<Encoded, postcard::Error> {
    let bytes = Uint8Array::from(postcard::to_stdvec(value)?.as_slice());
    let message = Array::of1(&bytes);
    let transfer = Array::of1(&bytes.buffer());
    for buffer in buffers {
        let copy = Float32Array::from(*buffer);
        transfer.push(&copy.buffer());
        message.push(&copy);
    }
    Ok(Encoded { message, transfer })
}

/// Encodes a value, with files beside it.
///
/// # Errors
/// When the value cannot be encoded; messages of `protocol` always can.
pub fn encode_with_files<T: Serialize>(value: &T, files: &[Blob]) -> Result<Encoded, postcard::Error> {
    let encoded = encode(value, &[])?;
    files.iter().for_each(|file| _ = encoded.message.push(file));
    Ok(encoded)
}

/// Decodes a message of [`encode_with_files`].
///
/// # Errors
/// When the data is something else, or of another version.
pub fn decode_with_files<T: DeserializeOwned>(data: &JsValue) -> Result<(T, Vec<Blob>), DecodeError> {
    let message: &Array = data.dyn_ref().ok_or(DecodeError::Form)?;
    let bytes: Uint8Array = message.get(0).dyn_into().map_err(|_| DecodeError::Form)?;
    let value = postcard::from_bytes(&bytes.to_vec())?;
    let files = message.iter().skip(1).map(|file| file.dyn_into::<Blob>());
    Ok((value, files.collect::<Result<_, _>>().map_err(|_| DecodeError::Form)?))
}

/// Decodes a message of [`encode`]. Buffers stay JavaScript values until they are wanted.
///
/// # Errors
/// When the data is something else, or of another version.
pub fn decode<T: DeserializeOwned>(data: &JsValue) -> Result<(T, Vec<Float32Array>), DecodeError> {
    let message: &Array = data.dyn_ref().ok_or(DecodeError::Form)?;
    let bytes: Uint8Array = message.get(0).dyn_into().map_err(|_| DecodeError::Form)?;
    let value = postcard::from_bytes(&bytes.to_vec())?;
    let buffers = message.iter().skip(1).map(|buffer| buffer.dyn_into::<Float32Array>());
    Ok((value, buffers.collect::<Result<_, _>>().map_err(|_| DecodeError::Form)?))
}
