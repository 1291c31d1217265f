//! The program `gasm`.

mod out_of_memory;

#[global_allocator]
static ALLOCATOR: out_of_memory::Watched = out_of_memory::Watched;

fn main() -> std::process::ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    out_of_memory::JSON.store(args.iter().any(|a| a == "--diagnostics=json"), std::sync::atomic::Ordering::Relaxed);
    std::process::ExitCode::from(gasm::run(&args, &mut host::OsHost::new()))
}
