//! SVG in the browser: as PNG pixels, and as elements for printing.

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, CanvasRenderingContext2d, DomParser, Element, HtmlCanvasElement, HtmlImageElement, SupportedType, window,
};

use super::download::{object_url, revoke};
use super::words::words;

/// The longest side of a canvas that every browser draws, in pixels.
const MAX_SIDE: f32 = 16_000.0;

/// Draws an SVG picture of a size in CSS pixels into a PNG with `scale` pixels per CSS pixel, or fewer where the PNG
/// would be too large.
///
/// # Errors
/// The browser's words, when it cannot draw the picture.
pub async fn png_of(svg: &str, (width, height): (f32, f32), scale: f32) -> Result<Vec<u8>, String> {
    let url = object_url(svg.as_bytes(), "image/svg+xml")?;
    let png = draw(&url, (width, height), scale.min(MAX_SIDE / width.max(height))).await;
    revoke(&url);
    png.map_err(|error| words(&error))
}

async fn draw(url: &str, (width, height): (f32, f32), scale: f32) -> Result<Vec<u8>, JsValue> {
    let image = HtmlImageElement::new()?;
    image.set_src(url);
    JsFuture::from(image.decode()).await?;
    let document = window().and_then(|window| window.document()).ok_or("there is no document")?;
    let canvas: HtmlCanvasElement = document.create_element("canvas")?.unchecked_into();
    let (pixel_width, pixel_height) = ((width * scale).round(), (height * scale).round());
    canvas.set_width(pixel_width as u32);
    canvas.set_height(pixel_height as u32);
    let context = canvas.get_context("2d")?.ok_or("there is no 2d canvas")?;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    context.draw_image_with_html_image_element_and_dw_and_dh(
        &image,
        0.0,
        0.0,
        f64::from(pixel_width),
        f64::from(pixel_height),
    )?;
    let mut refused = Ok(());
    let promise = Promise::new(&mut |resolve, _| refused = canvas.to_blob(&resolve));
    refused?;
    let blob: Blob = JsFuture::from(promise).await?.dyn_into().map_err(|_| "the picture is too large")?;
    Ok(Uint8Array::new(&JsFuture::from(blob.array_buffer()).await?).to_vec())
}

/// An SVG picture as an element of this document.
///
/// # Errors
/// The browser's words, when the text is not SVG.
pub fn element_of(svg: &str) -> Result<Element, String> {
    let parsed = || -> Result<Element, JsValue> {
        let parsed = DomParser::new()?.parse_from_string(svg, SupportedType::ImageSvgXml)?;
        let root = parsed.document_element().ok_or("there is no element")?;
        let document = window().and_then(|window| window.document()).ok_or("there is no document")?;
        Ok(document.import_node_with_deep(&root, true)?.unchecked_into())
    };
    let root = parsed().map_err(|error| words(&error))?;
    if root.tag_name() == "svg" { Ok(root) } else { Err("the picture could not be read".to_owned()) }
}

/// Opens the browser's print dialog.
pub fn print() {
    if let Some(window) = window() {
        // A browser without printing ignores the call.
        let _ = window.print();
    }
}
