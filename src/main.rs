//! The `flagctl` program: runs one command of the library and ends the process with its exit code.

use std::process::ExitCode;

/// Reading ten thousand files causes many small allocations. This allocator takes a fifth less time for them than the
/// allocator of the system.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    flagctl::cli::main()
}
