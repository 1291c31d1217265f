//! VM exits: why the hypervisor got control back from a guest, and why a guest ends.

use crate::addr::{GuestPhys, GuestVirt};
use crate::cpu::{Interrupt, Trap};
use crate::memory::Access;
use crate::report::CrashReport;
use guest_abi::ExitReason;
use std::fmt;

/// What an access to a device wants done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IoOperation {
    /// A load into register `rd`.
    Load {
        /// Destination register.
        rd: u8,
        /// Whether the value is sign-extended.
        signed: bool,
    },
    /// A store of the low `width` bytes of a value.
    Store {
        /// The value.
        value: u32,
    },
    /// An access that devices do not serve: atomic, reserved, misaligned.
    Unsupported,
}

/// An access to a device's window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IoAccess {
    /// Where, as the instruction names it; `stval` if the access is refused.
    pub gva: GuestVirt,
    /// Where, guest-physical.
    pub gpa: GuestPhys,
    /// 1, 2 or 4 bytes.
    pub width: u32,
    /// Load or store: the kind of access fault if it is refused.
    pub access: Access,
    /// What is to be done.
    pub operation: IoOperation,
    /// Length of the instruction, 2 or 4 bytes.
    pub instruction_bytes: u32,
}

/// A guest-physical page that is not present.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GuestPageFault {
    /// The address that the access or the page-table walk needs.
    pub gpa: GuestPhys,
    /// The virtual address behind it; `stval` if there is no memory.
    pub gva: GuestVirt,
    /// The kind of the original access.
    pub access: Access,
}

/// Why a debugger gets control.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DebugEvent {
    /// The next instruction has a breakpoint.
    Breakpoint,
    /// One step was done.
    Step,
    /// The next instruction is an `ebreak` that the debugger claims.
    Ebreak,
}

/// Why the guest left, with what the handler needs. State is whole: the instruction at pc has not begun, except
/// that page-table bits on its way may be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VmExit {
    /// An instruction or CSR above the guest's privilege, or an undefined encoding; its bits.
    PrivilegedInstruction(u32),
    /// A device access.
    IoInstruction(IoAccess),
    /// A guest-physical page that is not present.
    PageFault(GuestPageFault),
    /// `ecall` in S-mode.
    Hypercall,
    /// `ecall` in U-mode.
    Syscall,
    /// The guest stops for good: `wfi` that nothing can wake, shutdown, EXIT.
    Halt,
    /// The slice is used up.
    TimeSlice,
    /// `wfi` that something can wake.
    Idle,
    /// An interrupt is pending and enabled.
    Interrupt(Interrupt),
    /// For the debugger.
    Debug(DebugEvent),
    /// The same trap twice with nothing done between.
    Crash {
        /// The trap that began it.
        first: Trap,
        /// The trap that repeats.
        repeated: Trap,
    },
}

impl VmExit {
    /// The reason, without details.
    #[must_use]
    pub const fn reason(&self) -> ExitReason {
        match self {
            VmExit::PrivilegedInstruction(_) => ExitReason::PrivilegedInstruction,
            VmExit::IoInstruction(_) => ExitReason::IoInstruction,
            VmExit::PageFault(_) => ExitReason::PageFault,
            VmExit::Hypercall => ExitReason::Hypercall,
            VmExit::Syscall => ExitReason::Syscall,
            VmExit::Halt => ExitReason::Halt,
            VmExit::TimeSlice => ExitReason::TimeSlice,
            VmExit::Idle => ExitReason::Idle,
            VmExit::Interrupt(_) => ExitReason::Interrupt,
            VmExit::Debug(_) => ExitReason::Debug,
            VmExit::Crash { .. } => ExitReason::Crash,
        }
    }
}

/// How often each reason occurred. `PageFault` counts pages given a frame for the first time; a fault that was
/// refused is an exit but not in the count.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExitCounts([u64; ExitReason::COUNT]);

impl ExitCounts {
    /// The count of one reason.
    #[must_use]
    pub fn get(&self, reason: ExitReason) -> u64 {
        self.0[reason as usize]
    }

    /// Every reason with its count, in the order of the platform page.
    pub fn iter(&self) -> impl Iterator<Item = (ExitReason, u64)> + '_ {
        ExitReason::ALL.iter().map(|&reason| (reason, self.get(reason)))
    }

    pub(crate) fn add(&mut self, reason: ExitReason) {
        self.0[reason as usize] += 1;
    }
}

/// How a guest came to power off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PowerOff {
    /// SBI SRST.
    SystemReset,
    /// SBI legacy shutdown.
    LegacyShutdown,
    /// The test finisher.
    Finisher,
    /// It asked for one reboot more than it may have.
    RebootLimit,
}

/// Why a guest stopped for good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// HVK EXIT.
    Exit {
        /// The code, all 32 bits.
        code: u32,
    },
    /// A shutdown.
    PowerOff {
        /// Its code: SRST's reason, the finisher's code, else 0.
        code: u32,
        /// By which call or device.
        by: PowerOff,
    },
    /// `wfi` that nothing can wake.
    Halt,
    /// The same trap for ever.
    Crash(Box<CrashReport>),
    /// HVK PANIC.
    Panic {
        /// The guest's message; not always text.
        message: Vec<u8>,
        /// Where it was.
        report: Box<CrashReport>,
    },
    /// [`max_steps`](crate::VmConfig::max_steps) steps were done.
    StepLimit {
        /// The limit.
        steps: u64,
    },
    /// The guest needed a frame and the pool had none.
    HostMemoryExhausted {
        /// The page that it needed.
        gpa: GuestPhys,
        /// Frames in the pool, all in use.
        frames: u32,
    },
    /// A page of the guest that went to swap did not come back as it was.
    SwapLost {
        /// The page that it needed.
        gpa: GuestPhys,
    },
}

impl Stop {
    /// The guest's own exit code, if it ended by itself.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Stop::Exit { code } | Stop::PowerOff { code, .. } => Some(*code),
            Stop::Halt => Some(0),
            Stop::Crash(_) | Stop::Panic { .. } | Stop::StepLimit { .. } | Stop::HostMemoryExhausted { .. } | Stop::SwapLost { .. } => None,
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Exit { code } => write!(f, "exit with code {code}"),
            Stop::PowerOff { code, by } => {
                let by = match by {
                    PowerOff::SystemReset => "SBI system reset",
                    PowerOff::LegacyShutdown => "SBI legacy shutdown",
                    PowerOff::Finisher => "test finisher",
                    PowerOff::RebootLimit => "a reboot beyond the limit",
                };
                write!(f, "power off ({by}) with code {code}")
            }
            Stop::Halt => write!(f, "halt: `wfi` that nothing can wake"),
            Stop::Crash(report) => write!(f, "crash: {}", report.trap),
            Stop::Panic { message, .. } => write!(f, "panic: {}", String::from_utf8_lossy(message)),
            Stop::StepLimit { steps } => write!(f, "limit of {steps} steps reached"),
            Stop::SwapLost { gpa } => write!(f, "swap lost the page of {gpa}"),
            Stop::HostMemoryExhausted { gpa, frames } => {
                write!(f, "host memory exhausted: no frame for the page of {gpa}, all {frames} in use")
            }
        }
    }
}
