//! What the parts of a run share: the operating system and hvrun's own voice.

use crate::reporter::Reporter;
use host::Host;
use std::cell::RefCell;

/// Shared between the console, which the core writes to, and the watcher, which the core tells of exits. The core
/// calls one at a time, so the cells are never borrowed twice.
pub struct World<'a> {
    /// The operating system.
    pub host: RefCell<&'a mut dyn Host>,
    /// Diagnostics, traces, reports.
    pub reporter: RefCell<&'a mut Reporter>,
    /// Why trace lines cannot be written any more.
    pub trace_broken: RefCell<Option<std::io::Error>>,
}
