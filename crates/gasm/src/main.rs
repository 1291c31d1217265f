//! The program `gasm`.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(gasm::run(&std::env::args_os().collect::<Vec<_>>(), &mut host::OsHost::new()))
}
