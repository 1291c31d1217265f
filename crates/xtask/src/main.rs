//! `cargo xtask`: the workspace's own chores.

fn main() {}
