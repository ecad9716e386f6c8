//! The native command line.

fn main() -> std::process::ExitCode {
    headlight::cli::main()
}
