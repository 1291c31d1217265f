//! BASE: what this implementation is (SBI 2.0, chapter 4).

use crate::hypercall::{Reply, available};
use guest_abi::sbi::{Extension, IMPLEMENTATION_ID, MVENDORID, SPEC_VERSION, SbiError};

/// `sbi_get_impl_version`.
const IMPLEMENTATION_VERSION: u32 = 1;

pub(super) fn call(function: u32, a: [u32; 6]) -> Reply {
    Reply::Value(match function {
        0 => SPEC_VERSION,
        1 => IMPLEMENTATION_ID,
        2 => IMPLEMENTATION_VERSION,
        3 => u32::from(Extension::from_id(a[0]).is_some_and(available)),
        4 => MVENDORID,
        5 | 6 => 0, // marchid, mimpid: not implemented
        _ => return Reply::Error(SbiError::NotSupported),
    })
}
