//! The CSRs that the platform has, one row each, with who may use them and which bits can be written.
//!
//! A CSR without a row does not exist for the guest: machine- and hypervisor-level ones, counters beyond Zicntr,
//! floating point.

use crate::cpu::interrupt::{self, Interrupt};
use crate::cpu::{Privilege, Vcpu};
use guest_abi::VT_PER_TICK;
use rv32::{Ext, Isa};

/// Bits of `sstatus`.
pub mod sstatus {
    /// Interrupts are enabled in S-mode.
    pub const SIE: u32 = 1 << 1;
    /// `SIE` before the trap.
    pub const SPIE: u32 = 1 << 5;
    /// Privilege before the trap: 1 = S-mode.
    pub const SPP: u32 = 1 << 8;
    /// S-mode may load and store user pages.
    pub const SUM: u32 = 1 << 18;
    /// Loads may use executable pages.
    pub const MXR: u32 = 1 << 19;
}

/// The supervisor's CSRs, as stored. `sip` is made of `software` and the timer and interrupt-controller lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Csrs {
    /// Status.
    pub sstatus: u32,
    /// Interrupt enables.
    pub sie: u32,
    /// Trap vector.
    pub stvec: u32,
    /// Counters that U-mode may read.
    pub scounteren: u32,
    /// Environment configuration.
    pub senvcfg: u32,
    /// Scratch.
    pub sscratch: u32,
    /// pc of the trap.
    pub sepc: u32,
    /// Cause of the trap.
    pub scause: u32,
    /// Value of the trap.
    pub stval: u32,
    /// Translation root.
    pub satp: u32,
    /// `sip.SSIP`: the software interrupt is pending.
    pub software: bool,
    /// The timer fires when `time` is at least this.
    pub stimecmp: u64,
}

impl Default for Csrs {
    fn default() -> Csrs {
        Csrs {
            sstatus: 0,
            sie: 0,
            stvec: 0,
            scounteren: 0,
            senvcfg: 0,
            sscratch: 0,
            sepc: 0,
            scause: 0,
            stval: 0,
            satp: 0,
            software: false,
            stimecmp: u64::MAX,
        }
    }
}

macro_rules! csrs {
    ($($csr:ident $name:literal $number:literal $privilege:ident $mask:literal [$($need:ident)?] $summary:literal;)*) => {
        /// A CSR of the platform.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Csr { $(#[doc = $summary] $csr,)* }

        /// The table, in the order of numbers.
        pub const ROWS: &[Row] = &[$(Row {
            csr: Csr::$csr,
            name: $name,
            number: $number,
            privilege: Privilege::$privilege,
            mask: $mask,
            needs: csrs!(@need $($need)?),
            summary: $summary,
        }),*];
    };
    (@need) => { None };
    (@need $need:ident) => { Some(Ext::$need) };
}

/// One row: a CSR as the guest sees it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which.
    pub csr: Csr,
    /// Its name.
    pub name: &'static str,
    /// Its number, 0 to 4095; bits 11:10 both set: read-only.
    pub number: u16,
    /// The least privilege that may use it.
    pub privilege: Privilege,
    /// The bits that a write can change (WARL: the others keep 0).
    pub mask: u32,
    /// The extension that brings it.
    pub needs: Option<Ext>,
    /// One line of documentation.
    pub summary: &'static str,
}

csrs! {
    // csr       name         number privilege  writable bits needs    summary
    Sstatus    "sstatus"    0x100 Supervisor 0x000c_0122 []        "SIE, SPIE, SPP, SUM, MXR; FS and the others are fixed at 0";
    Sie        "sie"        0x104 Supervisor 0x0000_0222 []        "SSIE, STIE, SEIE";
    Stvec      "stvec"      0x105 Supervisor 0xffff_fffd []        "base, and mode 0 (direct) or 1 (vectored)";
    Scounteren "scounteren" 0x106 Supervisor 0x0000_0007 []        "CY, TM, IR";
    Senvcfg    "senvcfg"    0x10a Supervisor 0x0000_0001 []        "FIOM";
    Sscratch   "sscratch"   0x140 Supervisor 0xffff_ffff []        "any value";
    Sepc       "sepc"       0x141 Supervisor 0xffff_fffe []        "an instruction's address; bit 1 too is 0 without C";
    Scause     "scause"     0x142 Supervisor 0xffff_ffff []        "any value (WLRL)";
    Stval      "stval"      0x143 Supervisor 0xffff_ffff []        "any value";
    Sip        "sip"        0x144 Supervisor 0x0000_0002 []        "SSIP; STIP and SEIP are read-only";
    Stimecmp   "stimecmp"   0x14d Supervisor 0xffff_ffff [Sstc]    "low half of the timer's compare value";
    Stimecmph  "stimecmph"  0x15d Supervisor 0xffff_ffff [Sstc]    "high half of the timer's compare value";
    Satp       "satp"       0x180 Supervisor 0xffff_ffff []        "MODE (bare or Sv32), 9 bits of ASID, 22 bits of PPN";
    Cycle      "cycle"      0xc00 User       0x0000_0000 [Zicntr]  "low half of instret";
    Time       "time"       0xc01 User       0x0000_0000 [Zicntr]  "low half of the 10 MHz clock";
    Instret    "instret"    0xc02 User       0x0000_0000 [Zicntr]  "instructions retired, low half";
    Cycleh     "cycleh"     0xc80 User       0x0000_0000 [Zicntr]  "high half of instret";
    Timeh      "timeh"      0xc81 User       0x0000_0000 [Zicntr]  "high half of the 10 MHz clock";
    Instreth   "instreth"   0xc82 User       0x0000_0000 [Zicntr]  "instructions retired, high half";
}

/// The row of a CSR number that this hart may use now, for reading or (also) writing; `None`: an illegal instruction.
pub(crate) fn accessible(hart: &Vcpu, isa: Isa, number: u16, write: bool) -> Option<&'static Row> {
    let row = ROWS.iter().find(|row| row.number == number)?;
    let read_only = number >> 10 == 3;
    let exists = row.needs.is_none_or(|ext| isa.contains(ext));
    // Counters 0xc00..0xc1f and their high halves, in U-mode only as far as `scounteren` lets them.
    let counter_allowed = !read_only || hart.privilege == Privilege::Supervisor || hart.csr.scounteren >> (number & 31) & 1 == 1;
    (exists && hart.privilege >= row.privilege && !(write && read_only) && counter_allowed).then_some(row)
}

/// The value of a CSR. `external` is the interrupt controller's line.
pub(crate) fn read(hart: &Vcpu, external: bool, csr: Csr) -> u32 {
    let c = &hart.csr;
    match csr {
        Csr::Sstatus => c.sstatus,
        Csr::Sie => c.sie,
        Csr::Stvec => c.stvec,
        Csr::Scounteren => c.scounteren,
        Csr::Senvcfg => c.senvcfg,
        Csr::Sscratch => c.sscratch,
        Csr::Sepc => c.sepc,
        Csr::Scause => c.scause,
        Csr::Stval => c.stval,
        Csr::Sip => interrupt::pending(hart, external),
        Csr::Stimecmp => c.stimecmp as u32,
        Csr::Stimecmph => (c.stimecmp >> 32) as u32,
        Csr::Satp => c.satp,
        Csr::Cycle | Csr::Instret => hart.instret as u32,
        Csr::Cycleh | Csr::Instreth => (hart.instret >> 32) as u32,
        Csr::Time => (hart.vt / VT_PER_TICK) as u32,
        Csr::Timeh => ((hart.vt / VT_PER_TICK) >> 32) as u32,
    }
}

/// Writes a CSR through its mask. Read-only ones were refused by [`accessible`].
pub(crate) fn write(hart: &mut Vcpu, isa: Isa, row: &Row, value: u32) {
    let value = value & row.mask;
    let c = &mut hart.csr;
    match row.csr {
        Csr::Sstatus => c.sstatus = value,
        Csr::Sie => c.sie = value,
        Csr::Stvec => c.stvec = value,
        Csr::Scounteren => c.scounteren = value,
        Csr::Senvcfg => c.senvcfg = value,
        Csr::Sscratch => c.sscratch = value,
        Csr::Sepc => c.sepc = if isa.contains(Ext::C) { value } else { value & !3 },
        Csr::Scause => c.scause = value,
        Csr::Stval => c.stval = value,
        Csr::Sip => c.software = value & Interrupt::Software.bit() != 0,
        Csr::Stimecmp => c.stimecmp = (c.stimecmp & !0xffff_ffff) | u64::from(value),
        Csr::Stimecmph => c.stimecmp = (c.stimecmp & 0xffff_ffff) | u64::from(value) << 32,
        Csr::Satp => c.satp = value,
        Csr::Cycle | Csr::Instret | Csr::Cycleh | Csr::Instreth | Csr::Time | Csr::Timeh => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_names_agree_with_the_instruction_set() {
        assert!(ROWS.windows(2).all(|pair| pair[0].number < pair[1].number));
        for row in ROWS {
            assert_eq!(rv32::csr::by_number(row.number).map(|r| r.name), Some(row.name));
        }
    }
}
