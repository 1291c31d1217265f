//! The swap file: pages of guests for which host memory has no room. It has no name, and goes when hvrun ends.

use diag::{Diagnostic, codes};
use host::{Disk, Host};
use hvcore::{Swap, SwapFailed};
use std::cell::RefCell;
use std::fmt;
use std::path::Path;

/// Bytes of a page.
const PAGE: u64 = 4096;

/// A file of pages.
pub struct SwapFile(RefCell<Box<dyn Disk>>);

impl SwapFile {
    /// A new one, in a folder or where temporary files are.
    pub fn new(folder: Option<&Path>, host: &mut dyn Host) -> Result<SwapFile, Diagnostic> {
        let file = host.scratch(folder).map_err(|error| {
            let place = folder.map_or_else(|| "the folder for temporary files".into(), |folder| folder.display().to_string());
            Diagnostic::new(&codes::E0614, format!("cannot make a swap file in {place}: {error}")).help("`--swap FOLDER` takes another folder, `--swap off` does without")
        })?;
        Ok(SwapFile(RefCell::new(file)))
    }
}

impl fmt::Debug for SwapFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SwapFile")
    }
}

impl Swap for SwapFile {
    fn write(&self, slot: u32, page: &[u8; PAGE as usize]) -> Result<(), SwapFailed> {
        self.0.borrow_mut().write_at(u64::from(slot) * PAGE, page).map_err(|_| SwapFailed)
    }

    fn read(&self, slot: u32, page: &mut [u8; PAGE as usize]) -> Result<(), SwapFailed> {
        self.0.borrow_mut().read_at(u64::from(slot) * PAGE, page).map_err(|_| SwapFailed)
    }
}
