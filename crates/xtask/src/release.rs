//! Our programs as users have them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// cargo's target folder.
pub fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

/// Builds packages of the workspace for speed; their programs stand in `release` below the target folder.
pub fn build(root: &Path, packages: &[&str]) -> Result<(), String> {
    let mut command = Command::new("cargo");
    command.args(["build", "--release", "--locked"]).args(packages.iter().flat_map(|package| ["--package", package]));
    match command.current_dir(root).status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("{command:?} failed")),
    }
}
