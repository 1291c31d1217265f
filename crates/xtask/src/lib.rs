//! The workspace's own chores: generated files, documentation, checks of the workspace's rules.
