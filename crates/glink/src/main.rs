//! The program `glink`.

fn main() -> std::process::ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    std::process::ExitCode::from(glink::run(&arguments, &mut host::OsHost::new()))
}
