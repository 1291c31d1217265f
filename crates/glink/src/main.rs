//! The program `glink`.

fn main() -> std::process::ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    std::process::ExitCode::from(glink::run(&arguments, &mut host::OsHost::new()))
}
