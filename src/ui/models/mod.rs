//! Which model runs: the picker, models from the Hub or from disk, and the models kept in this browser.

pub mod about;
pub mod device_models;
pub mod hub_lookup;
pub mod model_picker;
pub mod more;
