//! Sweeps: one edit after another, and the effect of each. The panel starts one, its map stands on the stage.

mod effects;
mod files;
mod link_stage;
mod map;
mod panel;
mod ranked;
mod stage;
mod start;

pub use effects::Effects;
pub use link_stage::with_link_figure;
pub use panel::SweepPanel;
pub use stage::SweepStage;
