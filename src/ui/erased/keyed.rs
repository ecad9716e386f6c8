//! Leptos's `For`, compiled once for rows of all types: a row stays the same element while its key stays.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use leptos::prelude::*;

use super::derived::{Derived, Value};
use super::view::view;

/// A row for each key, in order; `row` is called once for each new key.
pub fn keyed<K, V>(keys: Derived<Vec<K>>, row: impl Fn(K) -> V + Send + Sync + 'static) -> AnyView
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let row: Arc<dyn Fn(K) -> AnyView + Send + Sync> = Arc::new(move |key| row(key).into_any());
    let item = move |key: &K| {
        let (row, of_row) = (row.clone(), key.clone());
        Item { key: Erased(Arc::new(key.clone())), make: Box::new(move || row(of_row)) }
    };
    rows_of(Box::new(move || keys.with(|keys| keys.iter().map(&item).collect())))
}

struct Item {
    key: Erased,
    make: Box<dyn FnOnce() -> AnyView + Send>,
}

fn rows_of(items: Box<dyn Fn() -> Vec<Item> + Send + Sync>) -> AnyView {
    view! { <For each=items key=|item| item.key.clone() children=|item: Item| (item.make)() /> }
}

/// A key of any type.
#[derive(Clone)]
struct Erased(Arc<dyn Key>);

trait Key: Value {
    fn add_to(&self, hasher: &mut dyn Hasher);
}

impl<K: Eq + Hash + Send + Sync + 'static> Key for K {
    fn add_to(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }
}

impl PartialEq for Erased {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_same(&*other.0)
    }
}

impl Eq for Erased {}

impl Hash for Erased {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.add_to(hasher);
    }
}
