//! The viewer of saved traces: the page's views without a model or a worker.

fn main() {
    #[cfg(target_arch = "wasm32")]
    headlight::ui::mount_viewer();
}
