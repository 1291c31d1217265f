//! Traps into the guest's supervisor, and the detection of traps that repeat for ever.

use crate::addr::GuestVirt;
use crate::cpu::csr::sstatus;
use crate::cpu::{Interrupt, Privilege, Vcpu};
use crate::memory::Access;
use std::fmt;

/// An exception's cause: the number in `scause` (privileged specification, table 10.6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cause {
    /// 0: a jump to an address that is no multiple of 4, without the C extension.
    InstructionMisaligned,
    /// 1: fetch from no memory.
    InstructionAccess,
    /// 2: illegal instruction.
    IllegalInstruction,
    /// 3: `ebreak`.
    Breakpoint,
    /// 4: misaligned `lr.w`.
    LoadMisaligned,
    /// 5: load from no memory and no device.
    LoadAccess,
    /// 6: misaligned `sc.w` or atomic.
    StoreMisaligned,
    /// 7: store to no memory and no device.
    StoreAccess,
    /// 8: `ecall` in U-mode.
    UserEcall,
    /// 9: `ecall` in S-mode. Never a trap inside the guest; in the report of a panic.
    SupervisorEcall,
    /// 12: the page table refuses a fetch.
    InstructionPage,
    /// 13: the page table refuses a load.
    LoadPage,
    /// 15: the page table refuses a store.
    StorePage,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 13] = [
        Cause::InstructionMisaligned,
        Cause::InstructionAccess,
        Cause::IllegalInstruction,
        Cause::Breakpoint,
        Cause::LoadMisaligned,
        Cause::LoadAccess,
        Cause::StoreMisaligned,
        Cause::StoreAccess,
        Cause::UserEcall,
        Cause::SupervisorEcall,
        Cause::InstructionPage,
        Cause::LoadPage,
        Cause::StorePage,
    ];

    /// The number in `scause`.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Cause::InstructionMisaligned => 0,
            Cause::InstructionAccess => 1,
            Cause::IllegalInstruction => 2,
            Cause::Breakpoint => 3,
            Cause::LoadMisaligned => 4,
            Cause::LoadAccess => 5,
            Cause::StoreMisaligned => 6,
            Cause::StoreAccess => 7,
            Cause::UserEcall => 8,
            Cause::SupervisorEcall => 9,
            Cause::InstructionPage => 12,
            Cause::LoadPage => 13,
            Cause::StorePage => 15,
        }
    }

    /// The specification's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Cause::InstructionMisaligned => "instruction address misaligned",
            Cause::InstructionAccess => "instruction access fault",
            Cause::IllegalInstruction => "illegal instruction",
            Cause::Breakpoint => "breakpoint",
            Cause::LoadMisaligned => "load address misaligned",
            Cause::LoadAccess => "load access fault",
            Cause::StoreMisaligned => "store/AMO address misaligned",
            Cause::StoreAccess => "store/AMO access fault",
            Cause::UserEcall => "environment call from U-mode",
            Cause::SupervisorEcall => "environment call from S-mode",
            Cause::InstructionPage => "instruction page fault",
            Cause::LoadPage => "load page fault",
            Cause::StorePage => "store/AMO page fault",
        }
    }

    /// The access fault of this kind of access.
    #[must_use]
    pub const fn access_fault(access: Access) -> Cause {
        match access {
            Access::Fetch => Cause::InstructionAccess,
            Access::Load => Cause::LoadAccess,
            Access::Store => Cause::StoreAccess,
        }
    }

    /// The page fault of this kind of access.
    #[must_use]
    pub const fn page_fault(access: Access) -> Cause {
        match access {
            Access::Fetch => Cause::InstructionPage,
            Access::Load => Cause::LoadPage,
            Access::Store => Cause::StorePage,
        }
    }
}

/// An exception that an instruction raises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exception {
    /// Why.
    pub cause: Cause,
    /// The value for `stval`.
    pub tval: u32,
}

impl Exception {
    /// An exception with its value.
    #[must_use]
    pub const fn new(cause: Cause, tval: u32) -> Exception {
        Exception { cause, tval }
    }
}

/// A trap, as the guest's CSRs record it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trap {
    /// `scause`: bit 31 set for interrupts.
    pub cause: u32,
    /// `sepc`: the instruction that trapped or was about to be executed.
    pub pc: GuestVirt,
    /// `stval`.
    pub tval: u32,
    /// `sstatus.SPP`: where it came from.
    pub privilege: Privilege,
}

impl Trap {
    /// Whether it is the same as another as far as the detection of crashes is concerned: cause, pc and tval.
    fn repeats(&self, other: &Trap) -> bool {
        (self.cause, self.pc, self.tval) == (other.cause, other.pc, other.tval)
    }

    /// The specification's name of the cause.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let number = self.cause & 0x7fff_ffff;
        let name = if self.cause >> 31 == 1 {
            Interrupt::from_number(number).map(Interrupt::name)
        } else {
            Cause::ALL.into_iter().find(|cause| cause.number() == number).map(Cause::name)
        };
        name.unwrap_or("unknown cause")
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (cause {}) at pc {}, tval {:#010x}", self.name(), self.cause & 0x7fff_ffff, self.pc, self.tval)
    }
}

/// Traps taken one after the other without an instruction retired between.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Series {
    /// The trap that began it: usually the guest's real mistake.
    pub first: Trap,
    /// The latest.
    pub last: Trap,
    /// `instret` then: the series has ended when it moved on.
    pub instret: u64,
}

/// The guest repeats a trap identical in cause, pc and tval without getting an instruction done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repeated {
    /// The trap that began the series.
    pub first: Trap,
    /// The trap that repeats.
    pub last: Trap,
}

/// Takes an exception at the hart's pc: one step. `Err`: it is the same as the one before; nothing was changed.
pub(crate) fn raise(hart: &mut Vcpu, exception: Exception) -> Result<(), Repeated> {
    enter(hart, exception.cause.number(), exception.tval, 0)
}

/// Takes an interrupt before the instruction at the hart's pc: one step.
pub(crate) fn interrupt(hart: &mut Vcpu, interrupt: Interrupt) -> Result<(), Repeated> {
    let vectored = if hart.csr.stvec & 1 == 1 { 4 * interrupt.number() } else { 0 };
    enter(hart, 1 << 31 | interrupt.number(), 0, vectored)
}

fn enter(hart: &mut Vcpu, cause: u32, tval: u32, vector: u32) -> Result<(), Repeated> {
    let trap = Trap { cause, pc: GuestVirt(hart.pc), tval, privilege: hart.privilege };
    let first = match hart.series {
        Some(series) if series.instret == hart.instret => {
            if series.last.repeats(&trap) {
                return Err(Repeated { first: series.first, last: trap });
            }
            series.first
        }
        Some(_) | None => trap,
    };
    hart.series = Some(Series { first, last: trap, instret: hart.instret });
    let c = &mut hart.csr;
    c.scause = cause;
    c.sepc = hart.pc;
    c.stval = tval;
    let from_supervisor = hart.privilege == Privilege::Supervisor;
    let spie = if c.sstatus & sstatus::SIE != 0 { sstatus::SPIE } else { 0 };
    let spp = if from_supervisor { sstatus::SPP } else { 0 };
    c.sstatus = (c.sstatus & !(sstatus::SIE | sstatus::SPIE | sstatus::SPP)) | spie | spp;
    hart.privilege = Privilege::Supervisor;
    hart.pc = (c.stvec & !3).wrapping_add(vector);
    hart.reservation = None;
    hart.vt += 1;
    Ok(())
}

/// `sret` (privileged specification, §3.3.2): back to where the trap came from. The caller retires the instruction.
/// Returns the address to go on at.
pub(crate) fn sret(hart: &mut Vcpu) -> u32 {
    let c = &mut hart.csr;
    hart.privilege = if c.sstatus & sstatus::SPP != 0 { Privilege::Supervisor } else { Privilege::User };
    let sie = if c.sstatus & sstatus::SPIE != 0 { sstatus::SIE } else { 0 };
    c.sstatus = (c.sstatus & !(sstatus::SIE | sstatus::SPP)) | sstatus::SPIE | sie;
    hart.reservation = None;
    c.sepc
}
