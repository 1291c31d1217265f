//! A panic in a program whose terminal is raw leaves the terminal as it was. The program is this test, started anew.

use host::Host;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use std::process::{Command, Stdio};

const CHILD: &str = "HVKIT_TERMINAL_CHILD";

#[test]
fn a_panic_restores_the_terminal() {
    if std::env::var_os(CHILD).is_some() {
        let mut host = host::OsHost::new();
        assert!(host.raw_terminal(true));
        let raw = !tcgetattr(rustix::stdio::stdin()).expect("a terminal").local_modes.contains(LocalModes::ICANON);
        panic!("raw: {raw}");
    }
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&controller).expect("granted");
    unlockpt(&controller).expect("unlocked");
    let path = ptsname(&controller, Vec::new()).expect("a name");
    let other = rustix::fs::open(path.as_c_str(), OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).expect("its other side");
    let is_raw = || !tcgetattr(&other).expect("a terminal").local_modes.contains(LocalModes::ICANON);
    assert!(!is_raw());
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "a_panic_restores_the_terminal", "--nocapture"]).env(CHILD, "1");
    let output = command.stdin(Stdio::from(other.try_clone().expect("a descriptor"))).output().expect("this test");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!output.status.success() && text.contains("raw: true"), "{text}");
    assert!(!is_raw());
}
