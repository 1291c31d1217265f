//! The guest library as programs carry it with them: `libhv.a`, which is assembled from the `*.s`
//! beside this file when the workspace is built, and the constants for assembly and C.

/// The archive `libhv.a`: one member for each source of the library.
pub static LIBHV_A: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libhv.a"));

/// The name under which maps and messages show the archive.
pub const LIBHV_A_NAME: &str = "<built-in>/libhv.a";

/// `abi.s`: the platform's constants for `.include "abi.s"`.
pub static ABI_S: &str = include_str!("abi.s");

/// `hv.h`: the platform's constants and the library's functions for C.
pub static HV_H: &str = include_str!("hv.h");

#[cfg(test)]
mod tests {
    #[test]
    fn the_header_for_assembly_is_fresh() {
        assert_eq!(super::ABI_S, guest_abi::abi_s(), "run `cargo xtask generate`");
    }
}
