//! Our programs as users have them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// cargo's target folder.
pub fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Builds gasm, glink and hvrun for speed; they stand in `release` below the target folder. Always all three, because
/// cargo builds what they share anew for every choice of packages.
pub fn build(root: &Path) -> Result<(), String> {
    let mut command = Command::new("cargo");
    command.args(["build", "--release", "--locked", "--package=gasm", "--package=glink", "--package=hvrun"]);
    match command.current_dir(root).status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("{command:?} failed")),
    }
}
