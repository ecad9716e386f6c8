//! The viewer of saved traces: the page's views without a model or a worker.

fn main() {
    console_error_panic_hook::set_once();
    #[cfg(target_arch = "wasm32")]
    headlight::ui::mount_viewer();
}
