//! Memory that runs out ends the program with a diagnostic, not with an abort.

#![allow(unsafe_code, reason = "a global allocator is an unsafe trait; this one passes everything on to the system's")]

use diag::codes::E0424;
use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// The diagnostic is to be JSON.
pub static JSON: AtomicBool = AtomicBool::new(false);

/// The system's allocator, watched.
pub struct Watched;

// SAFETY: each function hands its arguments to the system's allocator, whose contract is the same, and gives back what that
// gives, or does not return.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the one asked for.
        given(unsafe { System.alloc(layout) })
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        given(unsafe { System.alloc_zeroed(layout) })
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        given(unsafe { System.realloc(pointer, layout, size) })
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[inline]
fn given(pointer: *mut u8) -> *mut u8 {
    if pointer.is_null() {
        end();
    }
    pointer
}

/// Says so without memory, and ends.
#[cold]
fn end() -> ! {
    let help = "a limit of the system (ulimit -v) or the machine's memory is reached; make sections and repetitions smaller";
    let parts: [&str; 6] = if JSON.load(Ordering::Relaxed) {
        ["{\"severity\":\"error\",\"code\":\"", E0424.id, "\",\"message\":\"", E0424.title, "\",\"place\":null,\"related\":[],\"notes\":[],\"helps\":[\"", help]
    } else {
        ["error[", E0424.id, "]: ", E0424.title, "\nhelp: ", help]
    };
    let mut stderr = std::io::stderr();
    for part in parts {
        let _ = stderr.write_all(part.as_bytes());
    }
    let _ = stderr.write_all(if JSON.load(Ordering::Relaxed) { b"\"],\"cure\":null,\"backtrace\":[]}\n" } else { b"\n" });
    std::process::exit(1)
}
