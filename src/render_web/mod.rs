//! render_web
