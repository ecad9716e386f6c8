//! Messages between page and worker survive the trip, and buffers are moved rather than copied.
#![cfg(target_arch = "wasm32")]
// Clippy knows tests by #[test], which these do not have.
#![allow(clippy::unwrap_used)]

use headlight::platform::port::{DecodeError, decode, encode};
use headlight::protocol::{Answer, FromWorker, Input, InputText, TargetAsked, ToWorker};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::MessageChannel;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn requests_and_buffers_come_back_equal() {
    let run = ToWorker::Run {
        request: 7,
        inputs: vec![Input {
            text: InputText::Pair("a".into(), "‹ü›".into()),
            cut: false,
            bos: None,
            target: TargetAsked::Generated,
        }],
        edits: Vec::new(),
    };
    let encoded = encode(&run, &[&[0.25, -1.5], &[]]).unwrap();
    let (decoded, buffers) = decode::<ToWorker>(&encoded.message).unwrap();
    assert_eq!(decoded, run);
    assert_eq!(buffers.iter().map(js_sys::Float32Array::to_vec).collect::<Vec<_>>(), [vec![0.25, -1.5], vec![]]);
}

#[wasm_bindgen_test]
fn sending_moves_the_buffers() {
    let answer = Answer::Patterns { layer: 3, heads: vec![4], n_query: 1, n_key: 2 };
    let message = FromWorker::Answered { request: 1, run: 2, answer };
    let encoded = encode(&message, &[&[0.5, 0.5]]).unwrap();
    let channel = MessageChannel::new().unwrap();
    channel.port1().post_message_with_transferable(&encoded.message, &encoded.transfer).unwrap();
    let left: js_sys::Float32Array = encoded.message.get(1).unchecked_into();
    assert_eq!(left.length(), 0, "a transferred buffer is empty on this side");
}

#[wasm_bindgen_test]
fn anything_else_is_refused() {
    assert!(matches!(decode::<FromWorker>(&JsValue::from_str("no")), Err(DecodeError::Form)));
    let encoded = encode(&300_u32, &[]).unwrap();
    assert!(matches!(decode::<ToWorker>(&encoded.message), Err(DecodeError::Value(_))));
}
