//! The examples of the chosen head and a score.

use leptos::prelude::*;

use super::{Shown, number, send};
use crate::analysis::atlas::{AtlasExample, AtlasFile};
use crate::state::find::AtlasEvent;
use crate::state::find::atlas::score_name;
use crate::state::wording::sentence;
use crate::ui::erased::{Derived, view};
use crate::ui::find::scrolled_table::scrolled_table;
use crate::ui::small::problem::Problem;
use crate::ui::small::select_field::SelectField;

/// An example: its tokens, and which of them the strongest link joins.
#[derive(Clone, PartialEq)]
struct Listed {
    place: &'static str,
    value: String,
    tokens: Vec<String>,
    link: (usize, usize),
}

/// Tenths of the distribution, after the highest values.
const PLACES: [&str; 11] = [
    "highest", "tenth 1", "tenth 2", "tenth 3", "tenth 4", "tenth 5", "tenth 6", "tenth 7", "tenth 8", "tenth 9",
    "tenth 10",
];

/// A choice of the score, and the texts; each opens in the other views.
#[component]
pub fn Examples(shown: Shown) -> impl IntoView {
    let (page, head) = (shown.page, shown.head);
    let axis = page.memo(|state| state.find.atlas.axes[0].clone());
    let typed = RwSignal::new(None::<String>);
    let offered = Derived::new(move || {
        let Some((atlas, head)) = shown.atlas.get().zip(head.get()) else { return Vec::new() };
        let ids = atlas.file.metadata.scores.iter().enumerate();
        ids.filter(|(score, _)| atlas.file.has_examples(head, *score))
            .map(|(_, id)| id.clone())
            .collect::<Vec<String>>()
    });
    // The score that was picked here, else the one that heads are shown by.
    let id = Derived::new(move || {
        let wanted = typed.get().unwrap_or_else(|| axis.get().trim_end_matches("_without").to_owned());
        offered.with(|offered| offered.iter().find(|id| **id == wanted).or(offered.first()).cloned())
    });
    let listed = Derived::new(move || {
        let (atlas, head, id) = (shown.atlas.get()?, head.get()?, id.get()?);
        let examples = atlas.file.examples(head, atlas.file.score(&id)?).map_err(|error| sentence(&error.to_string()));
        Some(
            examples
                .map(|examples| examples.iter().map(|example| listed(&atlas.file, example)).collect::<Vec<Listed>>()),
        )
    });
    let model = page.memo(|state| state.work.model.as_ref().map(|model| model.name.clone()));
    // A frame has the atlas alone.
    let has_views = page.peek(|state| state.home.is_page());
    let hint = move || {
        let made_by = shown.atlas.get().map(|atlas| atlas.file.metadata.model.clone()).unwrap_or_default();
        let needs = match model.get() {
            _ if !has_views => String::new(),
            None => format!(" Opening one needs the model: load {made_by} first."),
            Some(loaded) if loaded == made_by => String::new(),
            Some(loaded) => format!(" They open in {loaded}, which is loaded; the atlas was made of {made_by}."),
        };
        format!("The head’s strongest link reads from the underlined token to the bold one.{needs}")
    };
    let options = Signal::derive(move || offered.get().into_iter().map(|id| (id.clone(), score_name(&id))).collect());
    let open = move |example: usize| {
        let score = shown.atlas.get_untracked().zip(id.get_untracked()).and_then(|(atlas, id)| atlas.file.score(&id));
        if let Some(score) = score {
            send(page, AtlasEvent::ExampleOpened(shown.place, score, example));
        }
    };
    let row = move |(index, listed): (usize, Listed)| {
        view! {
            <tr>
                <th scope="row">{listed.place}</th>
                <td class="number-cell">{listed.value.clone()}</td>
                <td>{text(&listed)}</td>
                {has_views.then(|| view! {
                    <td class="row-actions">
                        <button
                            type="button"
                            class="link"
                            aria-label=format!("Open example {} in the head view", index + 1)
                            on:click=move |_| open(index)
                        >
                            "Open"
                        </button>
                    </td>
                })}
            </tr>
        }
    };
    let table = move |rows: Vec<Listed>| {
        let rows = rows.into_iter().enumerate().map(row).collect_view().into_any();
        let columns = ["Where", "Value", "Text", "In the other views"];
        scrolled_table("Examples of the head", &columns[..3 + usize::from(has_views)], rows)
    };
    view! {
        <div class="find-fields">
            <SelectField
                label="Examples by"
                options
                picked=Signal::derive(move || id.get().unwrap_or_default())
                pick=move |id| typed.set(Some(id))
            />
            <p class="hint">{hint}</p>
        </div>
        {move || match listed.get() {
            None => view! { <p class="hint">"The atlas has no examples of this head."</p> },
            Some(Err(problem)) => view! { <Problem message=problem /> },
            Some(Ok(rows)) => table(rows),
        }}
    }
}

fn listed(file: &AtlasFile, example: &AtlasExample) -> Listed {
    let place = PLACES[usize::try_from(example.decile + 1).unwrap_or(0).min(PLACES.len() - 1)];
    let tokens = example.ids.iter().map(|id| file.label(*id)).collect();
    let link = (example.link.0 as usize, example.link.1 as usize);
    Listed { place, value: number(f64::from(example.value)), tokens, link }
}

/// The tokens one after the other.
fn text(listed: &Listed) -> AnyView {
    let (query, key) = listed.link;
    let token = |(position, token): (usize, &String)| {
        let is_marked = query != key || query > 0;
        view! {
            <bdi class:link-from=is_marked && position == query class:link-to=is_marked && position == key>{token.clone()}</bdi>
        }
    };
    view! { <span class="atlas-text">{listed.tokens.iter().enumerate().map(token).collect_view()}</span> }
}
