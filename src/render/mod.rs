//! Pure geometry: turns patterns, a selection and a window into drawings, without a browser.
//!
//! [`colour`] gives each head its hue, [`theme`] has the page's colours, and [`contrast`] colours differences.
//! [`layout`] places columns and rows and finds the token under a point. [`head_view`] turns weights into lines, strips
//! and numbers through a [`shade`]; [`raster`] turns lines into pixels, [`matrix`] cells, and [`panels`] puts several
//! pictures beside each other. [`figure`] writes all of these as SVG for papers. Lengths are in CSS pixels unless a
//! name says otherwise.

pub mod colour;
pub mod contrast;
pub mod edge_labels;
pub mod figure;
pub mod head_view;
pub mod layout;
pub mod map;
pub mod matrix;
pub mod neurons;
pub mod panels;
pub mod patterns;
pub mod raster;
pub mod scatter;
pub mod shade;
pub mod share_curve;
pub mod stream;
pub mod theme;
pub mod thumbnails;

pub use colour::{HeadColours, NEUTRAL_HUE, Ramp, Rgb, Scheme};
pub use contrast::{Contrast, largest_size, round_end};
pub use edge_labels::{Place, edge_labels};
pub use head_view::{HeadView, Line, Link, Received, Strip, nearest_line};
pub use layout::{Columns, Span, Window};
pub use map::{LayerHead, MapLayout, MapSpace};
pub use matrix::{CellColours, MatrixPainter};
pub use neurons::{Block, CellPainter, Diverging, NeuronColumns, Products, descending, limit_of};
pub use panels::{Grid, panels};
pub use patterns::PatternView;
pub use raster::Raster;
pub use shade::Shade;
pub use stream::{InView, StreamLayout, StreamScale};
pub use thumbnails::{Area, MapPainter, Thumbnail, mixed};

/// Opacity below which a line or strip changes no pixel and is not drawn.
pub const MIN_ALPHA: f32 = 1.0 / 255.0;
