//! Exports figures for papers: which view, how wide, and in which format.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::figures::{Made, Scenes, Wanted, make};
use crate::platform::download::{object_url, revoke, save_bytes};
use crate::platform::picture::{png_of, print};
use crate::render::figure::{Caption, Drawn, Preset, png};
use crate::state::OnScreen;
use crate::ui::erased::{Derived, effect, view};
use crate::ui::head::scene::Scene;
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;
use crate::ui::small::radio_group::RadioGroup;

/// The choices in the dialog, which outlive it.
#[derive(Clone, Copy)]
pub struct ExportChoice {
    preset: RwSignal<Preset>,
    /// The chosen one of two figures on screen.
    picked: RwSignal<Option<OnScreen>>,
}

impl ExportChoice {
    /// One column of a paper, and the first figure on screen.
    pub(super) fn new() -> Self {
        Self { preset: RwSignal::new(Preset::Column), picked: RwSignal::new(None) }
    }
}

/// A file format.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Vectors and text.
    Svg,
    /// Pixels.
    Png,
    /// A table.
    Csv,
}

/// The dialog's content: choices, preview, and a button for each format.
#[component]
pub fn Export(
    page: Page,
    scene: Derived<Option<Scene>>,
    is_open: RwSignal<bool>,
    choice: ExportChoice,
) -> impl IntoView {
    let ExportChoice { preset, picked } = choice;
    let problem = RwSignal::new(None::<String>);
    let scenes = Scenes::new(page, scene);
    let figures = page.memo_hover(|state| {
        let name = |what: OnScreen| (what, state.figure_name(what));
        state.on_screen().into_iter().map(name).collect::<Vec<_>>()
    });
    let figure = Derived::new(move || {
        let picked = picked.get();
        figures.with(|figures| {
            let mut all = figures.iter().map(|(what, _)| *what);
            all.clone().find(|what| Some(*what) == picked).or_else(|| all.next())
        })
    });
    // The figure as it will be saved, under an object URL that is revoked when the next one replaces it.
    let preview = RwSignal::new(None::<String>);
    let show = move |url: Option<String>| {
        if let Some(before) = preview.try_update(|preview| std::mem::replace(preview, url)).flatten() {
            revoke(&before);
        }
    };
    effect(move || {
        let preset = preset.get();
        let made = figure.get().and_then(|what| make(page, scenes, what, Wanted::Figure(preset)));
        let url = match made {
            Some(Made::Figure(drawn, _)) => object_url(drawn.svg.as_bytes(), "image/svg+xml").ok(),
            _ => None,
        };
        show(url);
    });
    on_cleanup(move || show(None));
    let save = move |format: Format| {
        problem.set(None);
        let Some(what) = figure.get_untracked() else { return };
        let wanted = if format == Format::Csv { Wanted::Table } else { Wanted::Figure(preset.get_untracked()) };
        let Some(made) = make(page, scenes, what, wanted) else {
            return problem.set(Some("The numbers of this view are still loading.".to_owned()));
        };
        let stem = page.peek(|state| state.figure_stem(what));
        spawn_local(async move {
            if let Err(message) = hand_over(made, format, &stem).await {
                // Somebody may have closed the dialog meanwhile.
                // Gap: a failure after the dialog was closed is not reported.
                problem.try_set(Some(format!("This could not be saved: {message}.")));
            }
        });
    };
    let print_now = move |_| {
        is_open.set(false);
        // Printing waits until the dialog has left the screen.
        request_animation_frame(print);
    };
    let figure_choice = move || {
        let figures = figures.get();
        (figures.len() > 1).then(|| {
            view! {
                <RadioGroup
                    name="export-view"
                    label="View"
                    options=figures
                    picked=move || figure.get()
                    pick=move |choice| picked.set(Some(choice))
                />
            }
        })
    };
    let width = |preset: Preset| (preset, format!("{} cm, {} pt", preset.width_cm(), preset.token_pt()));
    let format = move |(format, name, title): (Format, &'static str, &'static str)| {
        view! { <button type="button" title=title on:click=move |_| save(format)>{name}</button> }
    };
    view! {
        <div class="export-options">
            {figure_choice}
            <RadioGroup
                name="export-width"
                label="Width and size of text"
                options=Preset::EACH.map(width).to_vec()
                picked=move || Some(preset.get())
                pick=move |choice| preset.set(choice)
            />
        </div>
        <div class="preview" class:wide=move || preset.get() == Preset::Page>
            {move || preview.get().map(|url| view! { <img src=url alt="Preview of the figure" /> })}
            <p class="note" class:none=move || preview.with(Option::is_some)>
                "The numbers of this view are still loading."
            </p>
        </div>
        <div class="export-formats" role="group" aria-label="Save as">
            {[
                (Format::Svg, "SVG", "Vectors and text, for Inkscape and LaTeX"),
                (Format::Png, "PNG", "Pixels, 300 per inch"),
                (Format::Csv, "CSV", "The numbers behind the figure"),
            ]
                .map(format)
                .collect_view()}
            <button type="button" title="The browser’s print dialog, which saves a PDF too" on:click=print_now>
                "Print or PDF"
            </button>
        </div>
        {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
    }
}

/// Saves what was made under a name without its ending.
///
/// # Errors
/// A sentence, where the browser makes no picture or refuses the file.
pub async fn hand_over(made: Made, format: Format, stem: &str) -> Result<(), String> {
    match (made, format) {
        (Made::Table(table), _) => save_bytes(table.as_bytes(), "text/csv;charset=utf-8", &format!("{stem}.csv")),
        (Made::Figure(drawn, _), Format::Svg) => {
            save_bytes(drawn.svg.as_bytes(), "image/svg+xml", &format!("{stem}.svg"))
        }
        (Made::Figure(Drawn { svg, width, height }, caption), _) => {
            let pixels = png_of(&svg, (width, height), png::DPI / 96.0).await?;
            let pixels = png::with_texts(&pixels, &texts(&caption)).ok_or("the browser made no PNG")?;
            save_bytes(&pixels, "image/png", &format!("{stem}.png"))
        }
    }
}

/// The caption stored inside a PNG.
fn texts(caption: &Caption) -> Vec<(&str, &str)> {
    let caption_itself = [("Title", caption.title.as_str()), ("Description", caption.text.as_str())];
    let name = |name: &'static str| if name == "Link" { "Source" } else { name };
    caption_itself
        .into_iter()
        .chain(caption.fields.iter().map(|(field, value)| (name(field), value.as_str())))
        .collect()
}
