//! Leptos's memos and effects, compiled once for all types of value.
//!
//! Leptos compiles its memo again for each type of value, about 1.5 kB, and the page has memos of seventy types. Here the value stands
//! behind a pointer, so that there is one memo; each type adds only its comparison and its reading.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use leptos::prelude::*;

/// A value computed again when its sources change, which notifies only when the value differs: leptos's `Memo`.
pub struct Derived<T> {
    value: Memo<Erased>,
    marker: PhantomData<fn() -> T>,
}

impl<T> Clone for Derived<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Derived<T> {}

impl<T: PartialEq + Send + Sync + 'static> Derived<T> {
    /// A value computed by `make`, which follows what it reads.
    pub fn new(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self { value: erased(Box::new(move || Arc::new(make()))), marker: PhantomData }
    }

    /// The value, which the caller follows.
    pub fn get(self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// The value, without following it.
    pub fn get_untracked(self) -> T
    where
        T: Clone,
    {
        self.with_untracked(T::clone)
    }

    /// Reads the value, which the caller follows.
    pub fn with<U>(self, read: impl FnOnce(&T) -> U) -> U {
        read(inside(&followed(self.value)))
    }

    /// Reads the value, without following it.
    pub fn with_untracked<U>(self, read: impl FnOnce(&T) -> U) -> U {
        read(inside(&looked_at(self.value)))
    }
}

impl<T> Derived<T> {
    /// Follows the value without reading it.
    pub fn track(self) {
        self.value.track();
    }
}

/// Runs `run` soon and again after each change of what it reads, as leptos's `Effect` does.
pub fn effect(run: impl FnMut() + 'static) {
    follow(Box::new(run));
}

fn follow(run: Box<dyn FnMut()>) {
    Effect::new(run);
}

/// A value of any type.
#[derive(Clone)]
struct Erased(Arc<dyn Value>);

impl PartialEq for Erased {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_same(&*other.0)
    }
}

/// A value behind a pointer, comparable with others of its type.
pub(super) trait Value: Any + Send + Sync {
    /// Whether `other` has the same type and is equal.
    fn is_same(&self, other: &dyn Value) -> bool;
}

impl<T: PartialEq + Send + Sync + 'static> Value for T {
    fn is_same(&self, other: &dyn Value) -> bool {
        (other as &dyn Any).downcast_ref::<T>().is_some_and(|other| self == other)
    }
}

fn erased(make: Box<dyn Fn() -> Arc<dyn Value> + Send + Sync>) -> Memo<Erased> {
    Memo::new(move |_| Erased(make()))
}

fn followed(value: Memo<Erased>) -> Erased {
    value.get()
}

fn looked_at(value: Memo<Erased>) -> Erased {
    value.get_untracked()
}

fn inside<T: 'static>(erased: &Erased) -> &T {
    match (&*erased.0 as &dyn Any).downcast_ref() {
        Some(value) => value,
        // `Derived<T>::new` alone makes one, with a value of type `T`.
        None => unreachable!("a derived value of another type"),
    }
}
