//! Files that are mapped instead of copied: a linker reads hundreds of megabytes once.
#![expect(unsafe_code, reason = "mapping memory and catching its fault have no safe form")]

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::fs::File;
use std::sync::Once;

/// The contents of a file, read by the system page by page when they are looked at.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: *mut std::ffi::c_void,
    length: usize,
}

// SAFETY: the pages are only read, and they stay until the one owner is dropped.
unsafe impl Send for Mapping {}
// SAFETY: as above: nothing writes them, so any thread may read.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the first `length` bytes of a regular file; none if the system refuses.
    pub(crate) fn new(file: &File, length: usize) -> Option<Mapping> {
        explain_truncation();
        // SAFETY: the address is left to the system, so no memory in use is replaced. A private mapping that is
        // only readable is never written through. That another program changes the file meanwhile cannot be
        // ruled out: readers check what they index by, and a file that became shorter ends the process with a
        // message (below), as every linker that maps its inputs has it, only with a reason.
        let start = unsafe { mmap(std::ptr::null_mut(), length, ProtFlags::READ, MapFlags::PRIVATE, file, 0) };
        start.ok().map(|start| Mapping { start, length })
    }
}

impl std::ops::Deref for Mapping {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: `start` and `length` are those of a mapping that lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.start.cast::<u8>().cast_const(), self.length) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's alone, and no slice of it outlives the value.
        let _ = unsafe { munmap(self.start, self.length) };
    }
}

const TRUNCATED: &[u8] = b"an input file became shorter while it was read; run again when no other program writes it\n";

/// A page that is gone is signalled as SIGBUS, whose default is death without a word.
fn explain_truncation() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let explain = || {
            let _ = rustix::io::write(rustix::stdio::stderr(), TRUNCATED);
            signal_hook::low_level::exit(1);
        };
        // SAFETY: the action makes one system call and leaves without running any other code, both of which
        // are allowed in a signal handler. If it cannot be installed, the default stays.
        let _ = unsafe { signal_hook::low_level::register(signal_hook::consts::SIGBUS, explain) };
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Names the file to the process that is to end.
    const VARIABLE: &str = "HVKIT_HOST_TRUNCATED";

    #[test]
    fn a_file_that_becomes_shorter_ends_the_process_with_a_message() {
        if let Some(path) = std::env::var_os(VARIABLE) {
            let file = File::options().read(true).write(true).open(path).unwrap();
            let mapping = Mapping::new(&file, 1 << 20).unwrap();
            assert_eq!(mapping[1 << 19], 7);
            file.set_len(0).unwrap();
            assert_eq!(mapping[1 << 18], 7, "this is not reached");
        }
        let path = std::env::temp_dir().join(format!("hvkit-host-truncated-{}", std::process::id()));
        std::fs::write(&path, vec![7; 1 << 20]).unwrap();
        let output = Command::new(std::env::current_exe().unwrap()).args(["--nocapture", "becomes_shorter"]).env(VARIABLE, &path).output().unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(output.stderr.ends_with(TRUNCATED), "{output:?}");
    }
}
