//! The fields of an edit's form.

mod field_of;
mod heads_field;
mod layers_field;
mod number_field;
mod position_field;

pub use field_of::FieldOf;
