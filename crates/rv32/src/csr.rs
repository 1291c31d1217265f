//! The table of control and status registers, with the names that binutils 2.40 knows (privileged specification §2.2
//! and the extensions' own lists).

use std::sync::OnceLock;

/// Whether a name is in use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Status {
    /// The name of the register.
    Current,
    /// Another name of a register, for one of its uses.
    Alias,
    /// A name or register of an older specification. Accepted, never printed.
    Former,
}

/// The lowest privilege that may access a register (bits 9:8 of its number).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Privilege {
    /// Any.
    User,
    /// Supervisor mode.
    Supervisor,
    /// Hypervisor-extended supervisor mode, and the virtual supervisor's registers.
    Hypervisor,
    /// Machine mode; debug mode for 0x7b0 to 0x7bf.
    Machine,
}

/// One row: a name of a CSR.
#[derive(Debug)]
pub struct CsrRow {
    /// In lower case.
    pub name: &'static str,
    /// 0 to 4095.
    pub number: u16,
    /// Whether the name is in use.
    pub status: Status,
    /// What it holds.
    pub summary: &'static str,
}

impl CsrRow {
    /// The lowest privilege that may access the register.
    pub const fn privilege(&self) -> Privilege {
        privilege(self.number)
    }

    /// Whether writes are illegal (bits 11:10 of the number are 11).
    pub const fn is_read_only(&self) -> bool {
        is_read_only(self.number)
    }
}

/// The lowest privilege that may access the register of a number.
pub const fn privilege(number: u16) -> Privilege {
    match number >> 8 & 3 {
        0 => Privilege::User,
        1 => Privilege::Supervisor,
        2 => Privilege::Hypervisor,
        _ => Privilege::Machine,
    }
}

/// Whether writes to the register of a number are illegal.
pub const fn is_read_only(number: u16) -> bool {
    number >> 10 & 3 == 3
}

/// The row of a name, in any status.
pub fn by_name(name: &[u8]) -> Option<&'static CsrRow> {
    static BY_NAME: OnceLock<Vec<&'static CsrRow>> = OnceLock::new();
    let sorted = BY_NAME.get_or_init(|| {
        let mut rows: Vec<_> = ALL.iter().collect();
        rows.sort_by_key(|row| row.name);
        rows
    });
    let at = sorted
        .binary_search_by_key(&name, |row| row.name.as_bytes())
        .ok()?;
    Some(sorted[at])
}

/// The row with the name to print for a number, if there is a current one.
pub fn by_number(number: u16) -> Option<&'static CsrRow> {
    // The current name stands first among those of one number.
    let row = ALL.get(ALL.partition_point(|row| row.number < number))?;
    (row.number == number && row.status == Status::Current).then_some(row)
}

const fn row(name: &'static str, number: u16, status: Status, summary: &'static str) -> CsrRow {
    CsrRow {
        name,
        number,
        status,
        summary,
    }
}

/// The table, by number; of one number, the current name first.
#[rustfmt::skip]
pub static ALL: &[CsrRow] = &[
    row("ustatus", 0x000, Status::Former, "User: status (N extension, withdrawn)"),
    row("fflags", 0x001, Status::Current, "Floating-point: accrued exceptions"),
    row("frm", 0x002, Status::Current, "Floating-point: rounding mode"),
    row("fcsr", 0x003, Status::Current, "Floating-point: control and status"),
    row("uie", 0x004, Status::Former, "User: interrupts enabled (N extension, withdrawn)"),
    row("utvec", 0x005, Status::Former, "User: trap handler address (N extension, withdrawn)"),
    row("vstart", 0x008, Status::Current, "Vector: first element to execute"),
    row("vxsat", 0x009, Status::Current, "Vector: fixed-point saturation flag"),
    row("vxrm", 0x00a, Status::Current, "Vector: fixed-point rounding mode"),
    row("vcsr", 0x00f, Status::Current, "Vector: control and status"),
    row("seed", 0x015, Status::Current, "Entropy source"),
    row("uscratch", 0x040, Status::Former, "User: scratch register (N extension, withdrawn)"),
    row("uepc", 0x041, Status::Former, "User: pc of the trap (N extension, withdrawn)"),
    row("ucause", 0x042, Status::Former, "User: cause of the trap (N extension, withdrawn)"),
    row("ubadaddr", 0x043, Status::Former, "Former name of utval"),
    row("utval", 0x043, Status::Former, "User: bad address of the trap (N extension, withdrawn)"),
    row("uip", 0x044, Status::Former, "User: interrupts pending (N extension, withdrawn)"),
    row("sstatus", 0x100, Status::Current, "Supervisor: status"),
    row("sedeleg", 0x102, Status::Former, "Supervisor: exceptions delegated to user mode (withdrawn)"),
    row("sideleg", 0x103, Status::Former, "Supervisor: interrupts delegated to user mode (withdrawn)"),
    row("sie", 0x104, Status::Current, "Supervisor: interrupts enabled"),
    row("stvec", 0x105, Status::Current, "Supervisor: trap handler address and mode"),
    row("scounteren", 0x106, Status::Current, "Supervisor: counters that user mode may read"),
    row("senvcfg", 0x10a, Status::Current, "Supervisor: environment configuration"),
    row("sstateen0", 0x10c, Status::Current, "Supervisor: state that lower modes may use, part 0"),
    row("sstateen1", 0x10d, Status::Current, "Supervisor: state that lower modes may use, part 1"),
    row("sstateen2", 0x10e, Status::Current, "Supervisor: state that lower modes may use, part 2"),
    row("sstateen3", 0x10f, Status::Current, "Supervisor: state that lower modes may use, part 3"),
    row("sieh", 0x114, Status::Current, "Supervisor: interrupts enabled, upper half"),
    row("sscratch", 0x140, Status::Current, "Supervisor: scratch register for trap handlers"),
    row("sepc", 0x141, Status::Current, "Supervisor: pc of the trap"),
    row("scause", 0x142, Status::Current, "Supervisor: cause of the trap"),
    row("stval", 0x143, Status::Current, "Supervisor: bad address or instruction of the trap"),
    row("sbadaddr", 0x143, Status::Former, "Former name of stval"),
    row("sip", 0x144, Status::Current, "Supervisor: interrupts pending"),
    row("stimecmp", 0x14d, Status::Current, "Supervisor: time at which the timer interrupt comes"),
    row("siselect", 0x150, Status::Current, "Supervisor: selects an indirect register"),
    row("sireg", 0x151, Status::Current, "Supervisor: the indirect register selected"),
    row("siph", 0x154, Status::Current, "Supervisor: interrupts pending, upper half"),
    row("stopei", 0x15c, Status::Current, "Supervisor: top external interrupt"),
    row("stimecmph", 0x15d, Status::Current, "Supervisor: time at which the timer interrupt comes, upper half"),
    row("satp", 0x180, Status::Current, "Supervisor: address translation mode, address space and root page table"),
    row("sptbr", 0x180, Status::Former, "Former name of satp"),
    row("vsstatus", 0x200, Status::Current, "Virtual supervisor: status"),
    row("vsie", 0x204, Status::Current, "Virtual supervisor: interrupts enabled"),
    row("vstvec", 0x205, Status::Current, "Virtual supervisor: trap handler address and mode"),
    row("vsieh", 0x214, Status::Current, "Virtual supervisor: interrupts enabled, upper half"),
    row("vsscratch", 0x240, Status::Current, "Virtual supervisor: scratch register for trap handlers"),
    row("vsepc", 0x241, Status::Current, "Virtual supervisor: pc of the trap"),
    row("vscause", 0x242, Status::Current, "Virtual supervisor: cause of the trap"),
    row("vstval", 0x243, Status::Current, "Virtual supervisor: bad address or instruction of the trap"),
    row("vsip", 0x244, Status::Current, "Virtual supervisor: interrupts pending"),
    row("vstimecmp", 0x24d, Status::Current, "Virtual supervisor: time at which the timer interrupt comes"),
    row("vsiselect", 0x250, Status::Current, "Virtual supervisor: selects an indirect register"),
    row("vsireg", 0x251, Status::Current, "Virtual supervisor: the indirect register selected"),
    row("vsiph", 0x254, Status::Current, "Virtual supervisor: interrupts pending, upper half"),
    row("vstopei", 0x25c, Status::Current, "Virtual supervisor: top external interrupt"),
    row("vstimecmph", 0x25d, Status::Current, "Virtual supervisor: time at which the timer interrupt comes, upper half"),
    row("vsatp", 0x280, Status::Current, "Virtual supervisor: address translation mode, address space and root page table"),
    row("mstatus", 0x300, Status::Current, "Machine: status"),
    row("misa", 0x301, Status::Current, "Machine: base width and extensions"),
    row("medeleg", 0x302, Status::Current, "Machine: exceptions delegated to supervisor mode"),
    row("mideleg", 0x303, Status::Current, "Machine: interrupts delegated to supervisor mode"),
    row("mie", 0x304, Status::Current, "Machine: interrupts enabled"),
    row("mtvec", 0x305, Status::Current, "Machine: trap handler address and mode"),
    row("mcounteren", 0x306, Status::Current, "Machine: counters that lower modes may read"),
    row("mvien", 0x308, Status::Current, "Machine: virtual interrupts enabled"),
    row("mvip", 0x309, Status::Current, "Machine: virtual interrupts pending"),
    row("menvcfg", 0x30a, Status::Current, "Machine: environment configuration"),
    row("mstateen0", 0x30c, Status::Current, "Machine: state that lower modes may use, part 0"),
    row("mstateen1", 0x30d, Status::Current, "Machine: state that lower modes may use, part 1"),
    row("mstateen2", 0x30e, Status::Current, "Machine: state that lower modes may use, part 2"),
    row("mstateen3", 0x30f, Status::Current, "Machine: state that lower modes may use, part 3"),
    row("mstatush", 0x310, Status::Current, "Machine: status, upper half"),
    row("midelegh", 0x313, Status::Current, "Machine: interrupts delegated to supervisor mode, upper half"),
    row("mieh", 0x314, Status::Current, "Machine: interrupts enabled, upper half"),
    row("mvienh", 0x318, Status::Current, "Machine: virtual interrupts enabled, upper half"),
    row("mviph", 0x319, Status::Current, "Machine: virtual interrupts pending, upper half"),
    row("menvcfgh", 0x31a, Status::Current, "Machine: environment configuration, upper half"),
    row("mstateen0h", 0x31c, Status::Current, "Machine: state that lower modes may use, part 0, upper half"),
    row("mstateen1h", 0x31d, Status::Current, "Machine: state that lower modes may use, part 1, upper half"),
    row("mstateen2h", 0x31e, Status::Current, "Machine: state that lower modes may use, part 2, upper half"),
    row("mstateen3h", 0x31f, Status::Current, "Machine: state that lower modes may use, part 3, upper half"),
    row("mcountinhibit", 0x320, Status::Current, "Machine: counters that stand still"),
    row("mucounteren", 0x320, Status::Former, "Machine: counters for user mode (privileged specification 1.9)"),
    row("mscounteren", 0x321, Status::Former, "Machine: counters for supervisor mode (privileged specification 1.9)"),
    row("mhcounteren", 0x322, Status::Former, "Machine: counters for hypervisor mode (privileged specification 1.9)"),
    row("mhpmevent3", 0x323, Status::Current, "Machine: event of performance counter 3"),
    row("mhpmevent4", 0x324, Status::Current, "Machine: event of performance counter 4"),
    row("mhpmevent5", 0x325, Status::Current, "Machine: event of performance counter 5"),
    row("mhpmevent6", 0x326, Status::Current, "Machine: event of performance counter 6"),
    row("mhpmevent7", 0x327, Status::Current, "Machine: event of performance counter 7"),
    row("mhpmevent8", 0x328, Status::Current, "Machine: event of performance counter 8"),
    row("mhpmevent9", 0x329, Status::Current, "Machine: event of performance counter 9"),
    row("mhpmevent10", 0x32a, Status::Current, "Machine: event of performance counter 10"),
    row("mhpmevent11", 0x32b, Status::Current, "Machine: event of performance counter 11"),
    row("mhpmevent12", 0x32c, Status::Current, "Machine: event of performance counter 12"),
    row("mhpmevent13", 0x32d, Status::Current, "Machine: event of performance counter 13"),
    row("mhpmevent14", 0x32e, Status::Current, "Machine: event of performance counter 14"),
    row("mhpmevent15", 0x32f, Status::Current, "Machine: event of performance counter 15"),
    row("mhpmevent16", 0x330, Status::Current, "Machine: event of performance counter 16"),
    row("mhpmevent17", 0x331, Status::Current, "Machine: event of performance counter 17"),
    row("mhpmevent18", 0x332, Status::Current, "Machine: event of performance counter 18"),
    row("mhpmevent19", 0x333, Status::Current, "Machine: event of performance counter 19"),
    row("mhpmevent20", 0x334, Status::Current, "Machine: event of performance counter 20"),
    row("mhpmevent21", 0x335, Status::Current, "Machine: event of performance counter 21"),
    row("mhpmevent22", 0x336, Status::Current, "Machine: event of performance counter 22"),
    row("mhpmevent23", 0x337, Status::Current, "Machine: event of performance counter 23"),
    row("mhpmevent24", 0x338, Status::Current, "Machine: event of performance counter 24"),
    row("mhpmevent25", 0x339, Status::Current, "Machine: event of performance counter 25"),
    row("mhpmevent26", 0x33a, Status::Current, "Machine: event of performance counter 26"),
    row("mhpmevent27", 0x33b, Status::Current, "Machine: event of performance counter 27"),
    row("mhpmevent28", 0x33c, Status::Current, "Machine: event of performance counter 28"),
    row("mhpmevent29", 0x33d, Status::Current, "Machine: event of performance counter 29"),
    row("mhpmevent30", 0x33e, Status::Current, "Machine: event of performance counter 30"),
    row("mhpmevent31", 0x33f, Status::Current, "Machine: event of performance counter 31"),
    row("mscratch", 0x340, Status::Current, "Machine: scratch register for trap handlers"),
    row("mepc", 0x341, Status::Current, "Machine: pc of the trap"),
    row("mcause", 0x342, Status::Current, "Machine: cause of the trap"),
    row("mtval", 0x343, Status::Current, "Machine: bad address or instruction of the trap"),
    row("mbadaddr", 0x343, Status::Former, "Former name of mtval"),
    row("mip", 0x344, Status::Current, "Machine: interrupts pending"),
    row("mtinst", 0x34a, Status::Current, "Machine: trapped instruction, transformed"),
    row("mtval2", 0x34b, Status::Current, "Machine: second trap value (guest-physical address)"),
    row("miselect", 0x350, Status::Current, "Machine: selects an indirect register"),
    row("mireg", 0x351, Status::Current, "Machine: the indirect register selected"),
    row("miph", 0x354, Status::Current, "Machine: interrupts pending, upper half"),
    row("mtopei", 0x35c, Status::Current, "Machine: top external interrupt"),
    row("mbase", 0x380, Status::Former, "Machine: base of the only segment (privileged specification 1.9)"),
    row("mbound", 0x381, Status::Former, "Machine: bound of the only segment (privileged specification 1.9)"),
    row("mibase", 0x382, Status::Former, "Machine: base of the code segment (privileged specification 1.9)"),
    row("mibound", 0x383, Status::Former, "Machine: bound of the code segment (privileged specification 1.9)"),
    row("mdbase", 0x384, Status::Former, "Machine: base of the data segment (privileged specification 1.9)"),
    row("mdbound", 0x385, Status::Former, "Machine: bound of the data segment (privileged specification 1.9)"),
    row("pmpcfg0", 0x3a0, Status::Current, "Machine: memory protection, configuration of regions 0 to 3"),
    row("pmpcfg1", 0x3a1, Status::Current, "Machine: memory protection, configuration of regions 4 to 7"),
    row("pmpcfg2", 0x3a2, Status::Current, "Machine: memory protection, configuration of regions 8 to 11"),
    row("pmpcfg3", 0x3a3, Status::Current, "Machine: memory protection, configuration of regions 12 to 15"),
    row("pmpcfg4", 0x3a4, Status::Current, "Machine: memory protection, configuration of regions 16 to 19"),
    row("pmpcfg5", 0x3a5, Status::Current, "Machine: memory protection, configuration of regions 20 to 23"),
    row("pmpcfg6", 0x3a6, Status::Current, "Machine: memory protection, configuration of regions 24 to 27"),
    row("pmpcfg7", 0x3a7, Status::Current, "Machine: memory protection, configuration of regions 28 to 31"),
    row("pmpcfg8", 0x3a8, Status::Current, "Machine: memory protection, configuration of regions 32 to 35"),
    row("pmpcfg9", 0x3a9, Status::Current, "Machine: memory protection, configuration of regions 36 to 39"),
    row("pmpcfg10", 0x3aa, Status::Current, "Machine: memory protection, configuration of regions 40 to 43"),
    row("pmpcfg11", 0x3ab, Status::Current, "Machine: memory protection, configuration of regions 44 to 47"),
    row("pmpcfg12", 0x3ac, Status::Current, "Machine: memory protection, configuration of regions 48 to 51"),
    row("pmpcfg13", 0x3ad, Status::Current, "Machine: memory protection, configuration of regions 52 to 55"),
    row("pmpcfg14", 0x3ae, Status::Current, "Machine: memory protection, configuration of regions 56 to 59"),
    row("pmpcfg15", 0x3af, Status::Current, "Machine: memory protection, configuration of regions 60 to 63"),
    row("pmpaddr0", 0x3b0, Status::Current, "Machine: memory protection, address of region 0"),
    row("pmpaddr1", 0x3b1, Status::Current, "Machine: memory protection, address of region 1"),
    row("pmpaddr2", 0x3b2, Status::Current, "Machine: memory protection, address of region 2"),
    row("pmpaddr3", 0x3b3, Status::Current, "Machine: memory protection, address of region 3"),
    row("pmpaddr4", 0x3b4, Status::Current, "Machine: memory protection, address of region 4"),
    row("pmpaddr5", 0x3b5, Status::Current, "Machine: memory protection, address of region 5"),
    row("pmpaddr6", 0x3b6, Status::Current, "Machine: memory protection, address of region 6"),
    row("pmpaddr7", 0x3b7, Status::Current, "Machine: memory protection, address of region 7"),
    row("pmpaddr8", 0x3b8, Status::Current, "Machine: memory protection, address of region 8"),
    row("pmpaddr9", 0x3b9, Status::Current, "Machine: memory protection, address of region 9"),
    row("pmpaddr10", 0x3ba, Status::Current, "Machine: memory protection, address of region 10"),
    row("pmpaddr11", 0x3bb, Status::Current, "Machine: memory protection, address of region 11"),
    row("pmpaddr12", 0x3bc, Status::Current, "Machine: memory protection, address of region 12"),
    row("pmpaddr13", 0x3bd, Status::Current, "Machine: memory protection, address of region 13"),
    row("pmpaddr14", 0x3be, Status::Current, "Machine: memory protection, address of region 14"),
    row("pmpaddr15", 0x3bf, Status::Current, "Machine: memory protection, address of region 15"),
    row("pmpaddr16", 0x3c0, Status::Current, "Machine: memory protection, address of region 16"),
    row("pmpaddr17", 0x3c1, Status::Current, "Machine: memory protection, address of region 17"),
    row("pmpaddr18", 0x3c2, Status::Current, "Machine: memory protection, address of region 18"),
    row("pmpaddr19", 0x3c3, Status::Current, "Machine: memory protection, address of region 19"),
    row("pmpaddr20", 0x3c4, Status::Current, "Machine: memory protection, address of region 20"),
    row("pmpaddr21", 0x3c5, Status::Current, "Machine: memory protection, address of region 21"),
    row("pmpaddr22", 0x3c6, Status::Current, "Machine: memory protection, address of region 22"),
    row("pmpaddr23", 0x3c7, Status::Current, "Machine: memory protection, address of region 23"),
    row("pmpaddr24", 0x3c8, Status::Current, "Machine: memory protection, address of region 24"),
    row("pmpaddr25", 0x3c9, Status::Current, "Machine: memory protection, address of region 25"),
    row("pmpaddr26", 0x3ca, Status::Current, "Machine: memory protection, address of region 26"),
    row("pmpaddr27", 0x3cb, Status::Current, "Machine: memory protection, address of region 27"),
    row("pmpaddr28", 0x3cc, Status::Current, "Machine: memory protection, address of region 28"),
    row("pmpaddr29", 0x3cd, Status::Current, "Machine: memory protection, address of region 29"),
    row("pmpaddr30", 0x3ce, Status::Current, "Machine: memory protection, address of region 30"),
    row("pmpaddr31", 0x3cf, Status::Current, "Machine: memory protection, address of region 31"),
    row("pmpaddr32", 0x3d0, Status::Current, "Machine: memory protection, address of region 32"),
    row("pmpaddr33", 0x3d1, Status::Current, "Machine: memory protection, address of region 33"),
    row("pmpaddr34", 0x3d2, Status::Current, "Machine: memory protection, address of region 34"),
    row("pmpaddr35", 0x3d3, Status::Current, "Machine: memory protection, address of region 35"),
    row("pmpaddr36", 0x3d4, Status::Current, "Machine: memory protection, address of region 36"),
    row("pmpaddr37", 0x3d5, Status::Current, "Machine: memory protection, address of region 37"),
    row("pmpaddr38", 0x3d6, Status::Current, "Machine: memory protection, address of region 38"),
    row("pmpaddr39", 0x3d7, Status::Current, "Machine: memory protection, address of region 39"),
    row("pmpaddr40", 0x3d8, Status::Current, "Machine: memory protection, address of region 40"),
    row("pmpaddr41", 0x3d9, Status::Current, "Machine: memory protection, address of region 41"),
    row("pmpaddr42", 0x3da, Status::Current, "Machine: memory protection, address of region 42"),
    row("pmpaddr43", 0x3db, Status::Current, "Machine: memory protection, address of region 43"),
    row("pmpaddr44", 0x3dc, Status::Current, "Machine: memory protection, address of region 44"),
    row("pmpaddr45", 0x3dd, Status::Current, "Machine: memory protection, address of region 45"),
    row("pmpaddr46", 0x3de, Status::Current, "Machine: memory protection, address of region 46"),
    row("pmpaddr47", 0x3df, Status::Current, "Machine: memory protection, address of region 47"),
    row("pmpaddr48", 0x3e0, Status::Current, "Machine: memory protection, address of region 48"),
    row("pmpaddr49", 0x3e1, Status::Current, "Machine: memory protection, address of region 49"),
    row("pmpaddr50", 0x3e2, Status::Current, "Machine: memory protection, address of region 50"),
    row("pmpaddr51", 0x3e3, Status::Current, "Machine: memory protection, address of region 51"),
    row("pmpaddr52", 0x3e4, Status::Current, "Machine: memory protection, address of region 52"),
    row("pmpaddr53", 0x3e5, Status::Current, "Machine: memory protection, address of region 53"),
    row("pmpaddr54", 0x3e6, Status::Current, "Machine: memory protection, address of region 54"),
    row("pmpaddr55", 0x3e7, Status::Current, "Machine: memory protection, address of region 55"),
    row("pmpaddr56", 0x3e8, Status::Current, "Machine: memory protection, address of region 56"),
    row("pmpaddr57", 0x3e9, Status::Current, "Machine: memory protection, address of region 57"),
    row("pmpaddr58", 0x3ea, Status::Current, "Machine: memory protection, address of region 58"),
    row("pmpaddr59", 0x3eb, Status::Current, "Machine: memory protection, address of region 59"),
    row("pmpaddr60", 0x3ec, Status::Current, "Machine: memory protection, address of region 60"),
    row("pmpaddr61", 0x3ed, Status::Current, "Machine: memory protection, address of region 61"),
    row("pmpaddr62", 0x3ee, Status::Current, "Machine: memory protection, address of region 62"),
    row("pmpaddr63", 0x3ef, Status::Current, "Machine: memory protection, address of region 63"),
    row("scontext", 0x5a8, Status::Current, "Debug: context of supervisor mode"),
    row("hstatus", 0x600, Status::Current, "Hypervisor: status"),
    row("hedeleg", 0x602, Status::Current, "Hypervisor: exceptions delegated to the guest"),
    row("hideleg", 0x603, Status::Current, "Hypervisor: interrupts delegated to the guest"),
    row("hie", 0x604, Status::Current, "Hypervisor: interrupts enabled"),
    row("htimedelta", 0x605, Status::Current, "Hypervisor: difference of guest time to time"),
    row("hcounteren", 0x606, Status::Current, "Hypervisor: counters that the guest may read"),
    row("hgeie", 0x607, Status::Current, "Hypervisor: guest external interrupts enabled"),
    row("hvien", 0x608, Status::Current, "Hypervisor: virtual interrupts enabled"),
    row("hvictl", 0x609, Status::Current, "Hypervisor: virtual interrupt control"),
    row("henvcfg", 0x60a, Status::Current, "Hypervisor: environment configuration"),
    row("hstateen0", 0x60c, Status::Current, "Hypervisor: state that lower modes may use, part 0"),
    row("hstateen1", 0x60d, Status::Current, "Hypervisor: state that lower modes may use, part 1"),
    row("hstateen2", 0x60e, Status::Current, "Hypervisor: state that lower modes may use, part 2"),
    row("hstateen3", 0x60f, Status::Current, "Hypervisor: state that lower modes may use, part 3"),
    row("hidelegh", 0x613, Status::Current, "Hypervisor: interrupts delegated to the guest, upper half"),
    row("htimedeltah", 0x615, Status::Current, "Hypervisor: difference of guest time to time, upper half"),
    row("hvienh", 0x618, Status::Current, "Hypervisor: virtual interrupts enabled, upper half"),
    row("henvcfgh", 0x61a, Status::Current, "Hypervisor: environment configuration, upper half"),
    row("hstateen0h", 0x61c, Status::Current, "Hypervisor: state that lower modes may use, part 0, upper half"),
    row("hstateen1h", 0x61d, Status::Current, "Hypervisor: state that lower modes may use, part 1, upper half"),
    row("hstateen2h", 0x61e, Status::Current, "Hypervisor: state that lower modes may use, part 2, upper half"),
    row("hstateen3h", 0x61f, Status::Current, "Hypervisor: state that lower modes may use, part 3, upper half"),
    row("htval", 0x643, Status::Current, "Hypervisor: bad guest-physical address of the trap"),
    row("hip", 0x644, Status::Current, "Hypervisor: interrupts pending"),
    row("hvip", 0x645, Status::Current, "Hypervisor: virtual interrupts pending"),
    row("hviprio1", 0x646, Status::Current, "Hypervisor: priorities of virtual interrupts, first part"),
    row("hviprio2", 0x647, Status::Current, "Hypervisor: priorities of virtual interrupts, second part"),
    row("htinst", 0x64a, Status::Current, "Hypervisor: trapped instruction, transformed"),
    row("hviph", 0x655, Status::Current, "Hypervisor: virtual interrupts pending, upper half"),
    row("hviprio1h", 0x656, Status::Current, "Hypervisor: priorities of virtual interrupts, first part, upper half"),
    row("hviprio2h", 0x657, Status::Current, "Hypervisor: priorities of virtual interrupts, second part, upper half"),
    row("hgatp", 0x680, Status::Current, "Hypervisor: guest address translation mode, VM number and root page table"),
    row("hcontext", 0x6a8, Status::Current, "Debug: context of the hypervisor"),
    row("mhpmevent3h", 0x723, Status::Current, "Machine: event of performance counter 3, upper half"),
    row("mhpmevent4h", 0x724, Status::Current, "Machine: event of performance counter 4, upper half"),
    row("mhpmevent5h", 0x725, Status::Current, "Machine: event of performance counter 5, upper half"),
    row("mhpmevent6h", 0x726, Status::Current, "Machine: event of performance counter 6, upper half"),
    row("mhpmevent7h", 0x727, Status::Current, "Machine: event of performance counter 7, upper half"),
    row("mhpmevent8h", 0x728, Status::Current, "Machine: event of performance counter 8, upper half"),
    row("mhpmevent9h", 0x729, Status::Current, "Machine: event of performance counter 9, upper half"),
    row("mhpmevent10h", 0x72a, Status::Current, "Machine: event of performance counter 10, upper half"),
    row("mhpmevent11h", 0x72b, Status::Current, "Machine: event of performance counter 11, upper half"),
    row("mhpmevent12h", 0x72c, Status::Current, "Machine: event of performance counter 12, upper half"),
    row("mhpmevent13h", 0x72d, Status::Current, "Machine: event of performance counter 13, upper half"),
    row("mhpmevent14h", 0x72e, Status::Current, "Machine: event of performance counter 14, upper half"),
    row("mhpmevent15h", 0x72f, Status::Current, "Machine: event of performance counter 15, upper half"),
    row("mhpmevent16h", 0x730, Status::Current, "Machine: event of performance counter 16, upper half"),
    row("mhpmevent17h", 0x731, Status::Current, "Machine: event of performance counter 17, upper half"),
    row("mhpmevent18h", 0x732, Status::Current, "Machine: event of performance counter 18, upper half"),
    row("mhpmevent19h", 0x733, Status::Current, "Machine: event of performance counter 19, upper half"),
    row("mhpmevent20h", 0x734, Status::Current, "Machine: event of performance counter 20, upper half"),
    row("mhpmevent21h", 0x735, Status::Current, "Machine: event of performance counter 21, upper half"),
    row("mhpmevent22h", 0x736, Status::Current, "Machine: event of performance counter 22, upper half"),
    row("mhpmevent23h", 0x737, Status::Current, "Machine: event of performance counter 23, upper half"),
    row("mhpmevent24h", 0x738, Status::Current, "Machine: event of performance counter 24, upper half"),
    row("mhpmevent25h", 0x739, Status::Current, "Machine: event of performance counter 25, upper half"),
    row("mhpmevent26h", 0x73a, Status::Current, "Machine: event of performance counter 26, upper half"),
    row("mhpmevent27h", 0x73b, Status::Current, "Machine: event of performance counter 27, upper half"),
    row("mhpmevent28h", 0x73c, Status::Current, "Machine: event of performance counter 28, upper half"),
    row("mhpmevent29h", 0x73d, Status::Current, "Machine: event of performance counter 29, upper half"),
    row("mhpmevent30h", 0x73e, Status::Current, "Machine: event of performance counter 30, upper half"),
    row("mhpmevent31h", 0x73f, Status::Current, "Machine: event of performance counter 31, upper half"),
    row("mseccfg", 0x747, Status::Current, "Machine: security configuration"),
    row("mseccfgh", 0x757, Status::Current, "Machine: security configuration, upper half"),
    row("tselect", 0x7a0, Status::Current, "Debug: selects a trigger"),
    row("tdata1", 0x7a1, Status::Current, "Debug: data of the trigger, first part"),
    row("etrigger", 0x7a1, Status::Alias, "Alias of tdata1: exception trigger"),
    row("icount", 0x7a1, Status::Alias, "Alias of tdata1: instruction count trigger"),
    row("itrigger", 0x7a1, Status::Alias, "Alias of tdata1: interrupt trigger"),
    row("mcontrol", 0x7a1, Status::Alias, "Alias of tdata1: address and data match trigger"),
    row("mcontrol6", 0x7a1, Status::Alias, "Alias of tdata1: address and data match trigger, type 6"),
    row("tmexttrigger", 0x7a1, Status::Alias, "Alias of tdata1: external trigger"),
    row("tdata2", 0x7a2, Status::Current, "Debug: data of the trigger, second part"),
    row("tdata3", 0x7a3, Status::Current, "Debug: data of the trigger, third part"),
    row("textra32", 0x7a3, Status::Alias, "Alias of tdata3 on RV32"),
    row("textra64", 0x7a3, Status::Alias, "Alias of tdata3 on RV64"),
    row("tinfo", 0x7a4, Status::Current, "Debug: kinds that the trigger can be"),
    row("tcontrol", 0x7a5, Status::Current, "Debug: control of triggers"),
    row("mcontext", 0x7a8, Status::Current, "Debug: context of machine mode"),
    row("mscontext", 0x7aa, Status::Current, "Debug: context of supervisor mode, machine alias"),
    row("dcsr", 0x7b0, Status::Current, "Debug: control and status of debug mode"),
    row("dpc", 0x7b1, Status::Current, "Debug: pc at the entry to debug mode"),
    row("dscratch0", 0x7b2, Status::Current, "Debug: scratch register 0"),
    row("dscratch", 0x7b2, Status::Alias, "Alias of dscratch0"),
    row("dscratch1", 0x7b3, Status::Current, "Debug: scratch register 1"),
    row("mcycle", 0xb00, Status::Current, "Machine: cycle counter"),
    row("minstret", 0xb02, Status::Current, "Machine: retired instructions"),
    row("mhpmcounter3", 0xb03, Status::Current, "Machine: performance counter 3"),
    row("mhpmcounter4", 0xb04, Status::Current, "Machine: performance counter 4"),
    row("mhpmcounter5", 0xb05, Status::Current, "Machine: performance counter 5"),
    row("mhpmcounter6", 0xb06, Status::Current, "Machine: performance counter 6"),
    row("mhpmcounter7", 0xb07, Status::Current, "Machine: performance counter 7"),
    row("mhpmcounter8", 0xb08, Status::Current, "Machine: performance counter 8"),
    row("mhpmcounter9", 0xb09, Status::Current, "Machine: performance counter 9"),
    row("mhpmcounter10", 0xb0a, Status::Current, "Machine: performance counter 10"),
    row("mhpmcounter11", 0xb0b, Status::Current, "Machine: performance counter 11"),
    row("mhpmcounter12", 0xb0c, Status::Current, "Machine: performance counter 12"),
    row("mhpmcounter13", 0xb0d, Status::Current, "Machine: performance counter 13"),
    row("mhpmcounter14", 0xb0e, Status::Current, "Machine: performance counter 14"),
    row("mhpmcounter15", 0xb0f, Status::Current, "Machine: performance counter 15"),
    row("mhpmcounter16", 0xb10, Status::Current, "Machine: performance counter 16"),
    row("mhpmcounter17", 0xb11, Status::Current, "Machine: performance counter 17"),
    row("mhpmcounter18", 0xb12, Status::Current, "Machine: performance counter 18"),
    row("mhpmcounter19", 0xb13, Status::Current, "Machine: performance counter 19"),
    row("mhpmcounter20", 0xb14, Status::Current, "Machine: performance counter 20"),
    row("mhpmcounter21", 0xb15, Status::Current, "Machine: performance counter 21"),
    row("mhpmcounter22", 0xb16, Status::Current, "Machine: performance counter 22"),
    row("mhpmcounter23", 0xb17, Status::Current, "Machine: performance counter 23"),
    row("mhpmcounter24", 0xb18, Status::Current, "Machine: performance counter 24"),
    row("mhpmcounter25", 0xb19, Status::Current, "Machine: performance counter 25"),
    row("mhpmcounter26", 0xb1a, Status::Current, "Machine: performance counter 26"),
    row("mhpmcounter27", 0xb1b, Status::Current, "Machine: performance counter 27"),
    row("mhpmcounter28", 0xb1c, Status::Current, "Machine: performance counter 28"),
    row("mhpmcounter29", 0xb1d, Status::Current, "Machine: performance counter 29"),
    row("mhpmcounter30", 0xb1e, Status::Current, "Machine: performance counter 30"),
    row("mhpmcounter31", 0xb1f, Status::Current, "Machine: performance counter 31"),
    row("mcycleh", 0xb80, Status::Current, "Machine: cycle counter, upper half"),
    row("minstreth", 0xb82, Status::Current, "Machine: retired instructions, upper half"),
    row("mhpmcounter3h", 0xb83, Status::Current, "Machine: performance counter 3, upper half"),
    row("mhpmcounter4h", 0xb84, Status::Current, "Machine: performance counter 4, upper half"),
    row("mhpmcounter5h", 0xb85, Status::Current, "Machine: performance counter 5, upper half"),
    row("mhpmcounter6h", 0xb86, Status::Current, "Machine: performance counter 6, upper half"),
    row("mhpmcounter7h", 0xb87, Status::Current, "Machine: performance counter 7, upper half"),
    row("mhpmcounter8h", 0xb88, Status::Current, "Machine: performance counter 8, upper half"),
    row("mhpmcounter9h", 0xb89, Status::Current, "Machine: performance counter 9, upper half"),
    row("mhpmcounter10h", 0xb8a, Status::Current, "Machine: performance counter 10, upper half"),
    row("mhpmcounter11h", 0xb8b, Status::Current, "Machine: performance counter 11, upper half"),
    row("mhpmcounter12h", 0xb8c, Status::Current, "Machine: performance counter 12, upper half"),
    row("mhpmcounter13h", 0xb8d, Status::Current, "Machine: performance counter 13, upper half"),
    row("mhpmcounter14h", 0xb8e, Status::Current, "Machine: performance counter 14, upper half"),
    row("mhpmcounter15h", 0xb8f, Status::Current, "Machine: performance counter 15, upper half"),
    row("mhpmcounter16h", 0xb90, Status::Current, "Machine: performance counter 16, upper half"),
    row("mhpmcounter17h", 0xb91, Status::Current, "Machine: performance counter 17, upper half"),
    row("mhpmcounter18h", 0xb92, Status::Current, "Machine: performance counter 18, upper half"),
    row("mhpmcounter19h", 0xb93, Status::Current, "Machine: performance counter 19, upper half"),
    row("mhpmcounter20h", 0xb94, Status::Current, "Machine: performance counter 20, upper half"),
    row("mhpmcounter21h", 0xb95, Status::Current, "Machine: performance counter 21, upper half"),
    row("mhpmcounter22h", 0xb96, Status::Current, "Machine: performance counter 22, upper half"),
    row("mhpmcounter23h", 0xb97, Status::Current, "Machine: performance counter 23, upper half"),
    row("mhpmcounter24h", 0xb98, Status::Current, "Machine: performance counter 24, upper half"),
    row("mhpmcounter25h", 0xb99, Status::Current, "Machine: performance counter 25, upper half"),
    row("mhpmcounter26h", 0xb9a, Status::Current, "Machine: performance counter 26, upper half"),
    row("mhpmcounter27h", 0xb9b, Status::Current, "Machine: performance counter 27, upper half"),
    row("mhpmcounter28h", 0xb9c, Status::Current, "Machine: performance counter 28, upper half"),
    row("mhpmcounter29h", 0xb9d, Status::Current, "Machine: performance counter 29, upper half"),
    row("mhpmcounter30h", 0xb9e, Status::Current, "Machine: performance counter 30, upper half"),
    row("mhpmcounter31h", 0xb9f, Status::Current, "Machine: performance counter 31, upper half"),
    row("cycle", 0xc00, Status::Current, "Cycle counter"),
    row("time", 0xc01, Status::Current, "Clock"),
    row("instret", 0xc02, Status::Current, "Retired instructions"),
    row("hpmcounter3", 0xc03, Status::Current, "Performance counter 3"),
    row("hpmcounter4", 0xc04, Status::Current, "Performance counter 4"),
    row("hpmcounter5", 0xc05, Status::Current, "Performance counter 5"),
    row("hpmcounter6", 0xc06, Status::Current, "Performance counter 6"),
    row("hpmcounter7", 0xc07, Status::Current, "Performance counter 7"),
    row("hpmcounter8", 0xc08, Status::Current, "Performance counter 8"),
    row("hpmcounter9", 0xc09, Status::Current, "Performance counter 9"),
    row("hpmcounter10", 0xc0a, Status::Current, "Performance counter 10"),
    row("hpmcounter11", 0xc0b, Status::Current, "Performance counter 11"),
    row("hpmcounter12", 0xc0c, Status::Current, "Performance counter 12"),
    row("hpmcounter13", 0xc0d, Status::Current, "Performance counter 13"),
    row("hpmcounter14", 0xc0e, Status::Current, "Performance counter 14"),
    row("hpmcounter15", 0xc0f, Status::Current, "Performance counter 15"),
    row("hpmcounter16", 0xc10, Status::Current, "Performance counter 16"),
    row("hpmcounter17", 0xc11, Status::Current, "Performance counter 17"),
    row("hpmcounter18", 0xc12, Status::Current, "Performance counter 18"),
    row("hpmcounter19", 0xc13, Status::Current, "Performance counter 19"),
    row("hpmcounter20", 0xc14, Status::Current, "Performance counter 20"),
    row("hpmcounter21", 0xc15, Status::Current, "Performance counter 21"),
    row("hpmcounter22", 0xc16, Status::Current, "Performance counter 22"),
    row("hpmcounter23", 0xc17, Status::Current, "Performance counter 23"),
    row("hpmcounter24", 0xc18, Status::Current, "Performance counter 24"),
    row("hpmcounter25", 0xc19, Status::Current, "Performance counter 25"),
    row("hpmcounter26", 0xc1a, Status::Current, "Performance counter 26"),
    row("hpmcounter27", 0xc1b, Status::Current, "Performance counter 27"),
    row("hpmcounter28", 0xc1c, Status::Current, "Performance counter 28"),
    row("hpmcounter29", 0xc1d, Status::Current, "Performance counter 29"),
    row("hpmcounter30", 0xc1e, Status::Current, "Performance counter 30"),
    row("hpmcounter31", 0xc1f, Status::Current, "Performance counter 31"),
    row("vl", 0xc20, Status::Current, "Vector: length"),
    row("vtype", 0xc21, Status::Current, "Vector: data type"),
    row("vlenb", 0xc22, Status::Current, "Vector: bytes of a register"),
    row("cycleh", 0xc80, Status::Current, "Cycle counter, upper half"),
    row("timeh", 0xc81, Status::Current, "Clock, upper half"),
    row("instreth", 0xc82, Status::Current, "Retired instructions, upper half"),
    row("hpmcounter3h", 0xc83, Status::Current, "Performance counter 3, upper half"),
    row("hpmcounter4h", 0xc84, Status::Current, "Performance counter 4, upper half"),
    row("hpmcounter5h", 0xc85, Status::Current, "Performance counter 5, upper half"),
    row("hpmcounter6h", 0xc86, Status::Current, "Performance counter 6, upper half"),
    row("hpmcounter7h", 0xc87, Status::Current, "Performance counter 7, upper half"),
    row("hpmcounter8h", 0xc88, Status::Current, "Performance counter 8, upper half"),
    row("hpmcounter9h", 0xc89, Status::Current, "Performance counter 9, upper half"),
    row("hpmcounter10h", 0xc8a, Status::Current, "Performance counter 10, upper half"),
    row("hpmcounter11h", 0xc8b, Status::Current, "Performance counter 11, upper half"),
    row("hpmcounter12h", 0xc8c, Status::Current, "Performance counter 12, upper half"),
    row("hpmcounter13h", 0xc8d, Status::Current, "Performance counter 13, upper half"),
    row("hpmcounter14h", 0xc8e, Status::Current, "Performance counter 14, upper half"),
    row("hpmcounter15h", 0xc8f, Status::Current, "Performance counter 15, upper half"),
    row("hpmcounter16h", 0xc90, Status::Current, "Performance counter 16, upper half"),
    row("hpmcounter17h", 0xc91, Status::Current, "Performance counter 17, upper half"),
    row("hpmcounter18h", 0xc92, Status::Current, "Performance counter 18, upper half"),
    row("hpmcounter19h", 0xc93, Status::Current, "Performance counter 19, upper half"),
    row("hpmcounter20h", 0xc94, Status::Current, "Performance counter 20, upper half"),
    row("hpmcounter21h", 0xc95, Status::Current, "Performance counter 21, upper half"),
    row("hpmcounter22h", 0xc96, Status::Current, "Performance counter 22, upper half"),
    row("hpmcounter23h", 0xc97, Status::Current, "Performance counter 23, upper half"),
    row("hpmcounter24h", 0xc98, Status::Current, "Performance counter 24, upper half"),
    row("hpmcounter25h", 0xc99, Status::Current, "Performance counter 25, upper half"),
    row("hpmcounter26h", 0xc9a, Status::Current, "Performance counter 26, upper half"),
    row("hpmcounter27h", 0xc9b, Status::Current, "Performance counter 27, upper half"),
    row("hpmcounter28h", 0xc9c, Status::Current, "Performance counter 28, upper half"),
    row("hpmcounter29h", 0xc9d, Status::Current, "Performance counter 29, upper half"),
    row("hpmcounter30h", 0xc9e, Status::Current, "Performance counter 30, upper half"),
    row("hpmcounter31h", 0xc9f, Status::Current, "Performance counter 31, upper half"),
    row("scountovf", 0xda0, Status::Current, "Supervisor: overflow flags of the counters"),
    row("stopi", 0xdb0, Status::Current, "Supervisor: top interrupt"),
    row("hgeip", 0xe12, Status::Current, "Hypervisor: guest external interrupts pending"),
    row("vstopi", 0xeb0, Status::Current, "Virtual supervisor: top interrupt"),
    row("mvendorid", 0xf11, Status::Current, "Machine: vendor"),
    row("marchid", 0xf12, Status::Current, "Machine: architecture"),
    row("mimpid", 0xf13, Status::Current, "Machine: implementation"),
    row("mhartid", 0xf14, Status::Current, "Machine: number of the hart"),
    row("mconfigptr", 0xf15, Status::Current, "Machine: address of the configuration data"),
    row("mtopi", 0xfb0, Status::Current, "Machine: top interrupt"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_names_unique() {
        assert!(ALL.is_sorted_by_key(|row| (row.number, row.status != Status::Current)));
        for row in ALL {
            assert!(
                std::ptr::eq(by_name(row.name.as_bytes()).unwrap(), row),
                "{}",
                row.name
            );
            assert!(row.number < 4096);
            if row.status == Status::Current {
                assert!(
                    std::ptr::eq(by_number(row.number).unwrap(), row),
                    "two current names of {:#x}",
                    row.number
                );
            }
        }
        assert!(by_name(b"nothing").is_none() && by_name(b"").is_none());
    }

    #[test]
    fn numbers_without_a_current_name_print_none() {
        assert!(by_number(0x380).is_none(), "mbase is a former name");
        assert!(by_number(0x7ff).is_none());
        assert!(by_number(0xffff).is_none());
        assert_eq!(by_number(0x7a1).unwrap().name, "tdata1");
    }

    #[test]
    fn privilege_and_access_follow_the_number() {
        assert_eq!(by_name(b"satp").unwrap().privilege(), Privilege::Supervisor);
        assert_eq!(by_name(b"mstatus").unwrap().privilege(), Privilege::Machine);
        assert_eq!(
            by_name(b"vsatp").unwrap().privilege(),
            Privilege::Hypervisor
        );
        assert!(by_name(b"cycle").unwrap().is_read_only());
        assert!(!by_name(b"sstatus").unwrap().is_read_only());
    }
}
