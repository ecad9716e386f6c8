//! "Models on this device": the models that this browser keeps, with their sizes and a button that deletes each.

use leptos::html::Summary;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::platform::kept_models::{KeptFile, delete_files, kept_files};
use crate::state::kept::{KeptFacts, KeptModel, by_model};
use crate::state::wording;
use crate::ui::erased::{effect, view};
use crate::ui::shell::page::Page;
use crate::ui::small::problem::Problem;

/// A list behind a summary, read when it opens.
#[component]
pub fn DeviceModels(page: Page) -> impl IntoView {
    let models = page.memo(|state| state.models.clone());
    let files = RwSignal::new(None::<Vec<KeptFile>>);
    let problem = RwSignal::new(None::<String>);
    let heading = NodeRef::<Summary>::new();
    let look = move || {
        spawn_local(async move {
            let found = kept_files().await;
            // The page may have gone meanwhile.
            files.try_set(Some(found));
        });
    };
    // A model loaded meanwhile is listed too.
    let loaded = page.memo(|state| state.work.model.as_ref().map(|model| model.name.clone()));
    effect(move || {
        // Reading it makes it current; tracking alone would leave it unread.
        loaded.get();
        if files.with_untracked(Option::is_some) {
            look();
        }
    });
    let delete = move |kept: KeptModel| {
        // The pressed button disappears with its row.
        if let Some(heading) = heading.get_untracked() {
            // An element that has left the document needs no focus.
            let _ = heading.focus();
        }
        spawn_local(async move {
            let all = files.get_untracked().unwrap_or_default();
            let its: Vec<KeptFile> = kept.files.iter().filter_map(|index| all.get(*index).cloned()).collect();
            let outcome = delete_files(&its).await;
            problem.try_set(outcome.err().map(|reason| format!("{} could not be deleted: {reason}.", kept.name)));
            look();
        });
    };
    let line = move |kept: KeptModel| {
        let (name, size) = (kept.name.clone(), kept.amount());
        let label = format!("Delete {name} from this device");
        view! {
            <li>
                <span>{name}</span>
                <span class="amount">{size}</span>
                <button type="button" class="link" aria-label=label on:click=move |_| delete(kept.clone())>"Delete"</button>
            </li>
        }
    };
    let lines = move || {
        let kept =
            files.with(|files| files.as_ref().map(|files| models.with(|models| by_model(&facts(files), models))));
        match kept {
            None => ().into_any(),
            Some(kept) if kept.is_empty() => view! { <p>"No models are stored in this browser."</p> },
            Some(kept) => {
                let total = wording::bytes(kept.iter().map(|kept| kept.n_bytes).sum());
                view! {
                    <ul aria-label="Models on this device">{kept.into_iter().map(line).collect_view()}</ul>
                    <p>{format!("Total: {total}.")}</p>
                }
            }
        }
    };
    view! {
        <details class="device-models" on:toggle=move |_| look()>
            <summary node_ref=heading>"Models on this device"</summary>
            <div class="kept">
                <p>"Models are downloaded once, verified, and stored in this browser, so that they work offline."</p>
                {lines}
                {move || problem.get().map(|problem| view! { <Problem message=problem /> })}
            </div>
        </details>
    }
}

fn facts(files: &[KeptFile]) -> Vec<KeptFacts> {
    let facts = |file: &KeptFile| KeptFacts {
        name: file.name.clone(),
        from: file.from.clone(),
        n_bytes: file.n_bytes,
        is_whole: file.is_whole,
    };
    files.iter().map(facts).collect()
}
