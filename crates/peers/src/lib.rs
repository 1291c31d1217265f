//! For tests: programs of other people, with which ours are compared. Whether one is installed, and what its objects mean.

pub mod object;

use std::io::Write;

/// Whether a peer is on the `PATH`. If it is not, standard error says so on a line that begins with `skipped:`; with
/// `HVKIT_REQUIRE_PEERS=1` in the environment it is a failure instead.
///
/// # Panics
/// If the peer is required and not there.
#[must_use]
pub fn have(program: &str) -> bool {
    let found = std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()));
    if !found {
        let required = std::env::var_os("HVKIT_REQUIRE_PEERS").is_some_and(|value| value == "1");
        assert!(!required, "{program} is not installed, and HVKIT_REQUIRE_PEERS=1 says that it must be");
        // Past the test runner's capture, and at the start of a line: the message must be seen.
        let _ = writeln!(std::io::stderr(), "\nskipped: {program} is not installed, so nothing is compared with it");
    }
    found
}
