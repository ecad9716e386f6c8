//! The panel "Sweep": one edit after another, and the effect of each.

mod map;
mod panel;

pub use panel::SweepPanel;
