//! Values derived from others, and effects: leptos's, with one machinery for all of them.
//!
//! Leptos compiles its memo anew for each type of value, some 1.5 kB, and the page has memos of seventy types. Here the value is
//! behind a pointer, so that there is one; a type adds how it is compared and read.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use leptos::prelude::*;

/// A value that is made again when what it was made from changes, and tells of it only when it became another: leptos's `Memo`.
pub struct Derived<T> {
    value: Memo<Erased>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Derived<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Derived<T> {}

impl<T: PartialEq + Send + Sync + 'static> Derived<T> {
    /// Made by `make`, which follows what it reads.
    pub fn new(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self { value: erased(Box::new(move || Arc::new(make()))), of: PhantomData }
    }

    /// The value; whoever asks follows it.
    pub fn get(self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// The value without following it.
    pub fn get_untracked(self) -> T
    where
        T: Clone,
    {
        self.with_untracked(T::clone)
    }

    /// Reads the value and follows it.
    pub fn with<U>(self, read: impl FnOnce(&T) -> U) -> U {
        read(inside(&followed(self.value)))
    }

    /// Reads the value without following it.
    pub fn with_untracked<U>(self, read: impl FnOnce(&T) -> U) -> U {
        read(inside(&looked_at(self.value)))
    }
}

impl<T> Derived<T> {
    /// Follows it without reading it.
    pub fn track(self) {
        self.value.track();
    }
}

/// Runs `run` now and after each change of what it reads, as leptos's `Effect` does.
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

/// What can be behind a pointer, and compared with another of its type.
pub(super) trait Value: Any + Send + Sync {
    /// Whether `other` is of this type, and equal.
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
        // Only `Derived::new` makes one, of its own type.
        None => unreachable!("a derived value of another type"),
    }
}
