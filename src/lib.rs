//! Headlight
