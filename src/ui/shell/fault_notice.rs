//! The fault of the program on its own, for a frame.

use leptos::prelude::*;

use super::fault_line::{FaultLine, fault};
use super::page::Page;
use crate::ui::erased::view;

/// The fault, where there is one.
#[component]
pub fn FaultNotice(page: Page) -> impl IntoView {
    let fault = page.memo(fault);
    view! { <>{move || fault.get().map(|fault| view! { <FaultLine page fault /> })}</> }
}
