//! Which crate may depend on which (`docs/architecture.md`): arrows never point up.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The allowed edges inside the workspace, of every kind: normal, build and dev.
const ALLOWED: &[(&str, &[&str])] = &[
    // facts
    ("rv32", &["peers"]),
    ("guest-abi", &[]),
    // shared by the programs
    ("diag", &[]),
    ("host", &[]),
    // for tests
    ("peers", &[]),
    // middle
    ("gasm", &["rv32", "guest-abi", "diag", "host", "peers"]),
    ("hvcore", &["rv32", "guest-abi"]),
    ("guest-lib", &["guest-abi", "gasm", "diag", "host"]),
    ("glink", &["rv32", "guest-abi", "diag", "host", "guest-lib", "peers"]),
    // programs
    ("hvrun", &["rv32", "guest-abi", "diag", "host", "gasm", "glink", "hvcore", "guest-lib"]),
    // about the workspace
    ("hvkit-tests", &["rv32", "guest-abi", "diag", "host", "gasm", "glink", "hvcore", "hvrun", "guest-lib", "peers"]),
    ("xtask", &["rv32", "guest-abi", "diag", "peers"]),
];

/// Edges that `cargo metadata` shows and the table does not allow.
pub fn broken(root: &Path) -> Vec<String> {
    let output = Command::new("cargo").args(["metadata", "--format-version", "1", "--no-deps", "--locked", "--offline"]).current_dir(root).output();
    let metadata: Value = match output {
        Ok(output) if output.status.success() => match serde_json::from_slice(&output.stdout) {
            Ok(metadata) => metadata,
            Err(error) => return vec![format!("cargo metadata: {error}")],
        },
        Ok(output) => return vec![format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr))],
        Err(error) => return vec![format!("cargo metadata: {error}")],
    };
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    let members: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut problems = Vec::new();
    for package in packages {
        let Some(name) = package["name"].as_str() else { continue };
        let Some(edges) = allowed.get(name) else {
            problems.push(format!("crate `{name}` is not in the table of crates/xtask/src/rules.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().map_or(&[][..], Vec::as_slice) {
            let Some(target) = dependency["name"].as_str() else { continue };
            if members.contains(&target) && !edges.contains(&target) {
                problems.push(format!("`{name}` must not depend on `{target}`"));
            }
        }
    }
    if members.is_empty() {
        problems.push("cargo metadata shows no package".into());
    }
    problems
}

#[cfg(test)]
mod tests {
    #[test]
    fn arrows_never_point_up() {
        let broken = super::broken(&crate::root());
        assert!(broken.is_empty(), "{broken:#?}");
    }
}
