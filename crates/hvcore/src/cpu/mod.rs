//! The virtual CPU: its state as plain data, its CSRs, its traps and interrupts.

pub mod csr;
pub mod interrupt;
pub mod trap;
pub mod vcpu;

pub use interrupt::Interrupt;
pub use trap::{Cause, Exception, Trap};
pub use vcpu::{Privilege, Vcpu};
