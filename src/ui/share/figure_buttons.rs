//! "SVG" and "PNG" beside a plot.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::figures::Made;
use super::{Format, hand_over};
use crate::render::figure::{Caption, Draw, Preset, figure};
use crate::ui::erased::view;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// A figure and its caption; nothing while its numbers are not here.
pub type MakeFigure = Box<dyn Fn() -> Option<(Box<dyn Draw>, Caption)>>;

/// Two buttons that save a plot.
#[component]
pub fn FigureButtons(
    page: Page,
    /// What is saved: "sum".
    what: &'static str,
    /// Width of the figure.
    preset: Preset,
    /// Makes the figure.
    make: MakeFigure,
) -> impl IntoView {
    let make = StoredValue::new_local(make);
    let problem = RwSignal::new(None::<String>);
    let save = move |format: Format| {
        let Some((view, caption)) = make.with_value(|make| make()) else { return };
        let stem = page.peek(|state| format!("{}-{what}", state.file_stem()));
        let drawn = figure(&*view, preset, &caption);
        spawn_local(async move {
            let saved = hand_over(Made::Figure(drawn, caption), format, &stem).await;
            problem.try_set(saved.err());
        });
    };
    let button = move |(format, name, how): (Format, &'static str, &'static str)| {
        let title = format!("Save this {what} as {how}");
        view! { <button type="button" class="link" title=title on:click=move |_| save(format)>{name}</button> }
    };
    view! {
        {[(Format::Svg, "SVG", "vectors and text"), (Format::Png, "PNG", "pixels, 300 per inch")]
            .map(button)
            .collect_view()}
        {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
    }
}
