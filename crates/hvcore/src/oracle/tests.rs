//! The supervisor architecture against tables written from the privileged specification, under both engines.

use super::{Random, Side};
use crate::addr::GuestPhys;
use crate::config::VmConfig;
use crate::cpu::{Privilege, Vcpu};
use crate::engine::cached::Cached;
use crate::engine::stepper::Stepper;
use crate::engine::{AnyEngine, EngineKind};
use crate::memory::Access;
use crate::memory::host::HostMemory;
use crate::memory::image::{Image, Segment};
use crate::vm::{Vm, VmId};
use guest_abi::PAGE_SIZE;
use guest_abi::memory_map::RAM;
use rv32::{Ext, Insn, Isa, Op};
use std::sync::Arc;

const RAM_BYTES: u32 = 8 * PAGE_SIZE;
const CODE: u32 = RAM.base;
const ROOT: u32 = RAM.base + PAGE_SIZE;
const TABLE: u32 = RAM.base + 2 * PAGE_SIZE;
/// A table without a valid entry.
const EMPTY: u32 = RAM.base + 3 * PAGE_SIZE;
const HANDLER: u32 = CODE + 0x800;
const STAY: u32 = 0x0000_006f;
/// No trap wrote this.
const UNTOUCHED: u32 = 0x5555_5554;

fn machine(kind: EngineKind, isa: Isa) -> Side<AnyEngine> {
    let segment = Segment { name: "test".into(), gpa: GuestPhys(RAM.base), file_offset: 0, file_bytes: RAM_BYTES, memory_bytes: RAM_BYTES };
    let image = Image::new(vec![0; RAM_BYTES as usize].into(), GuestPhys(RAM.base), vec![segment], 0).expect("a good image");
    let config = VmConfig { ram_bytes: RAM_BYTES, isa, ..VmConfig::virt("spec") };
    Side::new(AnyEngine::from(kind), Arc::new(image), config, b"").expect("taken")
}

fn put(vm: &mut Vm, host: &mut HostMemory, at: u32, word: u32) {
    let gpa = GuestPhys(at);
    vm.memory.load_page(host, gpa, Access::Store).expect("a frame");
    vm.memory.write(host, gpa, 4, word).expect("RAM");
}

fn get(side: &Side<AnyEngine>, at: u32) -> u32 {
    let mut bytes = [0; 4];
    assert!(side.hypervisor.peek_physical(VmId(0), GuestPhys(at), &mut bytes));
    u32::from_le_bytes(bytes)
}

/// A hart that runs at `pc`, time going on.
fn fresh(vm: &mut Vm, pc: u32, privilege: Privilege) {
    let old = &vm.hart;
    let new = Vcpu::new(GuestPhys(pc), GuestPhys(0), 0);
    vm.hart = Vcpu { privilege, instret: old.instret, vt: old.vt, skipped: old.skipped, ..new };
    vm.hart.csr.scause = UNTOUCHED;
    vm.hart.csr.stvec = HANDLER;
    vm.stop = None;
}

/// What XWR grant (privileged specification, table “Encoding of PTE R/W/X fields”): load, load with MXR, store, fetch.
const GRANTS: [Option<(bool, bool, bool, bool)>; 8] = [
    None,                              // 000 pointer to next level
    Some((true, true, false, false)),  // 001 read-only
    None,                              // 010 reserved
    Some((true, true, true, false)),   // 011 read-write
    Some((false, true, false, true)),  // 100 execute-only
    Some((true, true, false, true)),   // 101 read-execute
    None,                              // 110 reserved
    Some((true, true, true, true)),    // 111 read-write-execute
];

/// Whether pages with U = 0 and U = 1 may be used (section “Addressing and Memory Protection”): by load or store without SUM,
/// with SUM, by fetch.
const U_MODE: [(bool, bool, bool); 2] = [(false, false, false), (true, true, true)];
const S_MODE: [(bool, bool, bool); 2] = [(true, true, true), (false, true, false)];

/// The bits of the entry afterwards, or the fault.
fn expected(flags: u32, access: Access, privilege: Privilege, sum: bool, mxr: bool, svadu: bool) -> Result<u32, u32> {
    let (cause, load, store) = match access {
        Access::Fetch => (12, false, false),
        Access::Load => (13, true, false),
        Access::Store => (15, false, true),
    };
    let (valid, user, accessed, dirty) = (flags & 1 != 0, flags >> 4 & 1, flags & 0x40 != 0, flags & 0x80 != 0);
    // Pointers lead to an empty table here, or, at the last level, nowhere.
    let Some((reads, reads_with_mxr, writes, executes)) = GRANTS[(flags >> 1 & 7) as usize] else { return Err(cause) };
    let (plain, with_sum, fetch) = if privilege == Privilege::User { U_MODE[user as usize] } else { S_MODE[user as usize] };
    let mode = if !load && !store { fetch } else if sum { with_sum } else { plain };
    let kind = if load { if mxr { reads_with_mxr } else { reads } } else if store { writes } else { executes };
    if !valid || !mode || !kind {
        return Err(cause);
    }
    if !svadu && (!accessed || store && !dirty) {
        return Err(cause);
    }
    Ok(flags | 0x40 | if store { 0x80 } else { 0 })
}

#[test]
fn every_page_table_entry_grants_what_the_specification_says() {
    let mut cases = 0;
    for kind in EngineKind::ALL {
        for svadu in [true, false] {
            let isa = if svadu { Isa::PLATFORM } else { Isa::PLATFORM.without(Ext::Svadu) };
            let mut side = machine(kind, isa);
            for case in 0..49_152u32 {
                let flags = case & 0x3ff;
                let level = case >> 10 & 1;
                let privilege = if case >> 11 & 1 == 0 { Privilege::User } else { Privilege::Supervisor };
                let (sum, mxr) = (case >> 12 & 1 == 1, case >> 13 & 1 == 1);
                let access = [Access::Fetch, Access::Load, Access::Store][(case >> 14) as usize];
                let gva = 0x4000_0000 + (1 - level) * 0x40_0000 + 5 * PAGE_SIZE + 0x10;
                let entry_at = if level == 1 { ROOT + 4 * (gva >> 22) } else { TABLE + 4 * (gva >> 12 & 0x3ff) };
                let is_leaf = flags & 0xa != 0;
                let target = match (is_leaf, level) {
                    (false, _) => EMPTY,
                    (true, 1) => RAM.base,
                    (true, _) => RAM.base + 5 * PAGE_SIZE,
                };
                side.hypervisor.with_vm(VmId(0), |vm, host| {
                    // Code is seen twice: at 0x8000_0000 by S-mode, at 0x9000_0000 by U-mode.
                    let code = if privilege == Privilege::User { 0x9000_0000 } else { CODE };
                    fresh(vm, code, privilege);
                    for (at, entry) in [(ROOT + 4 * 0x200, RAM.base >> 2 | 0xcf), (ROOT + 4 * 0x240, RAM.base >> 2 | 0xdf), (ROOT + 4 * 0x101, TABLE >> 2 | 1)] {
                        put(vm, host, at, entry);
                    }
                    put(vm, host, entry_at, target >> 2 | flags);
                    let insn = match access {
                        Access::Fetch => Insn { rs1: 8, ..Insn::new(Op::Jalr) },
                        Access::Load => Insn { rd: 10, rs1: 8, ..Insn::new(Op::Lw) },
                        Access::Store => Insn { rs2: 9, rs1: 8, ..Insn::new(Op::Sw) },
                    };
                    put(vm, host, CODE, rv32::encode(&insn));
                    for at in [CODE + 4, HANDLER, RAM.base + 5 * PAGE_SIZE + 0x10] {
                        put(vm, host, at, STAY);
                    }
                    vm.hart.x[8] = gva;
                    vm.hart.x[9] = STAY;
                    vm.hart.csr.satp = 1 << 31 | ROOT >> 12;
                    vm.hart.csr.sstatus = u32::from(sum) << 18 | u32::from(mxr) << 19;
                });
                side.slice(8);
                if case == 0 {
                    side.slice(8); // the first one only begins the round
                }
                let vm = &side.hypervisor.vms()[0];
                let entry = get(&side, entry_at) & 0x3ff;
                let context = format!("{kind:?}, svadu {svadu}, level {level}, flags {flags:#012b}, {access:?}, {privilege:?}, SUM {sum}, MXR {mxr}");
                match expected(flags, access, privilege, sum, mxr, svadu) {
                    Ok(flags) => {
                        assert_eq!((vm.hart.csr.scause, entry), (UNTOUCHED, flags), "{context}");
                        if access == Access::Load {
                            assert_eq!(vm.hart.x[10], STAY, "{context}");
                        }
                    }
                    Err(cause) => {
                        let pc = if access == Access::Fetch { gva } else if privilege == Privilege::User { 0x9000_0000 } else { CODE };
                        let c = &vm.hart.csr;
                        assert_eq!((c.scause, c.stval, c.sepc, entry), (cause, gva, pc, flags), "{context}");
                    }
                }
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 4 * 49_152);
}

/// Every CSR of the platform, from the privileged specification's listing and the platform page: number, whether U-mode may
/// (with `scounteren` at 0), the bits that a write can set, the bits that it can clear.
const CSRS: &[(u32, u32)] = &[
    (0x100, 0x000c_0122), // sstatus: SIE, SPIE, SPP, SUM, MXR
    (0x104, 0x0000_0222), // sie: SSIE, STIE, SEIE
    (0x105, 0xffff_fffd), // stvec: modes 0 and 1
    (0x106, 0x0000_0007), // scounteren: CY, TM, IR
    (0x10a, 0x0000_0001), // senvcfg: FIOM
    (0x140, 0xffff_ffff), // sscratch
    (0x141, 0xffff_fffe), // sepc: with C
    (0x142, 0xffff_ffff), // scause
    (0x143, 0xffff_ffff), // stval
    (0x144, 0x0000_0002), // sip: SSIP alone
    (0x14d, 0xffff_ffff), // stimecmp
    (0x15d, 0xffff_ffff), // stimecmph
    (0x180, 0xffff_ffff), // satp: MODE, ASID (9), PPN (22)
];
/// The counters: read-only, in U-mode as `scounteren` says.
const COUNTERS: [u32; 6] = [0xc00, 0xc01, 0xc02, 0xc80, 0xc81, 0xc82];

#[test]
fn every_csr_is_as_the_specification_says() {
    let mut cases = 0;
    for kind in EngineKind::ALL {
        let mut side = machine(kind, Isa::PLATFORM);
        side.slice(8);
        let mut random = Random::new(1);
        for number in 0..4096u32 {
            for op in [Op::Csrrw, Op::Csrrs, Op::Csrrc] {
                for privilege in [Privilege::Supervisor, Privilege::User] {
                    for source in [0u8, 9] {
                        let (old, written) = (random.word(), random.word());
                        let counters = random.below(8);
                        // `satp` would take the code away, were it on.
                        let written = if number == 0x180 { written & 0x7fff_ffff } else { written };
                        let old = if number == 0x180 { old & 0x7fff_ffff } else { old };
                        // The interrupts are off in S-mode; in U-mode they are always on, so none is enabled there.
                        let (old, written) = if matches!(number, 0x100 | 0x104 | 0x144) { (old & !2, written & !2) } else { (old, written) };
                        side.hypervisor.with_vm(VmId(0), |vm, host| {
                            fresh(vm, CODE, privilege);
                            put(vm, host, CODE, rv32::encode(&Insn { rd: 10, rs1: source, imm: number as i32, ..Insn::new(op) }));
                            put(vm, host, CODE + 4, STAY);
                            put(vm, host, HANDLER, STAY);
                            if let Some(row) = crate::cpu::csr::ROWS.iter().find(|row| u32::from(row.number) == number) {
                                crate::cpu::csr::write(&mut vm.hart, Isa::PLATFORM, row, old);
                            }
                            if number != 0x105 || privilege == Privilege::User {
                                vm.hart.csr.stvec = HANDLER;
                            }
                            if number != 0x106 {
                                vm.hart.csr.scounteren = counters;
                            }
                            vm.hart.x[9] = written;
                        });
                        let before = side.hypervisor.vms()[0].hart.clone();
                        side.slice(4);
                        let vm = &side.hypervisor.vms()[0];
                        let context = format!("{kind:?}, CSR {number:#x}, {op:?} with x{source} = {written:#x}, was {old:#x}, {privilege:?}");
                        let writes = op == Op::Csrrw || source != 0;
                        let operand = if source == 0 { 0 } else { written };
                        let supervisor = privilege == Privilege::Supervisor;
                        let row = CSRS.iter().find(|row| row.0 == number && supervisor);
                        let counter = COUNTERS.contains(&number) && !writes && (supervisor || counters >> (number & 31) & 1 == 1);
                        let read = |hart: &Vcpu| {
                            let row = crate::cpu::csr::ROWS.iter().find(|row| u32::from(row.number) == number).expect("a row");
                            crate::cpu::csr::read(hart, false, row.csr)
                        };
                        match row {
                            Some(&(_, mask)) => {
                                let old = old & mask;
                                let wanted = if op == Op::Csrrs {
                                    old | operand
                                } else if op == Op::Csrrc {
                                    old & !operand
                                } else {
                                    operand
                                };
                                let wanted = if writes { wanted & mask } else { old };
                                // The timer is due when `stimecmp` is small: then it is pending in `sip`, for reading.
                                let timer = u32::from(number == 0x144 && before.csr.stimecmp <= before.vt / 100) << 5;
                                assert_eq!(vm.hart.x[10], old | timer, "{context}: what was read");
                                assert_eq!(read(&vm.hart), wanted | timer, "{context}: what was written");
                                assert_eq!(vm.hart.instret, before.instret + 4, "{context}: it retires");
                            }
                            None if counter => {
                                let expected = match number {
                                    0xc00 | 0xc02 => before.instret as u32,
                                    0xc01 => (before.vt / 100) as u32,
                                    _ => 0,
                                };
                                assert_eq!(vm.hart.x[10], expected, "{context}");
                                assert_eq!(vm.hart.instret, before.instret + 4, "{context}: it retires");
                            }
                            None => {
                                assert_eq!(vm.hart.instret, before.instret + 3, "{context}: it traps");
                                if ![0x100, 0x105, 0x141, 0x142, 0x143].contains(&number) {
                                    let c = &vm.hart.csr;
                                    let bits = rv32::encode(&Insn { rd: 10, rs1: source, imm: number as i32, ..Insn::new(op) });
                                    assert_eq!((c.scause, c.stval, c.sepc), (2, bits, CODE), "{context}");
                                }
                            }
                        }
                        cases += 1;
                    }
                }
            }
        }
    }
    assert_eq!(cases, 2 * 4096 * 3 * 2 * 2);
}

/// Every 16-bit word, and random words, under both engines.
#[test]
fn every_halfword_and_random_words_do_the_same_under_both_engines() {
    let halves = super::words::words((0..0x1_0000u32).filter(|half| half & 3 != 3));
    let mut random = Random::new(2);
    let count = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
    let words = super::words::words((0..count).map(|_| random.word() | 3));
    for result in [halves, words] {
        assert!(result.is_ok_and(|executed| executed >= 2 * 49_152));
    }
}

#[test]
fn an_engine_that_is_wrong_is_found() {
    // The stepper against itself differs in nothing; with one bit changed on one side it does.
    let image = super::program::generate(&mut Random::new(3));
    let config = VmConfig { ram_bytes: super::program::RAM_BYTES, ..VmConfig::virt("same") };
    let mut a = Side::new(Stepper::default(), image.clone(), config.clone(), b"").expect("taken");
    let mut b = Side::new(Cached::default(), image, config, b"").expect("taken");
    for _ in 0..3 {
        a.slice(20);
        b.slice(20);
    }
    assert_eq!(super::differences(&a, &b), [""; 0]);
    b.hypervisor.with_vm(VmId(0), |vm, host| {
        vm.hart.x[3] ^= 4;
        vm.memory.load_page(host, GuestPhys(RAM.base + 0x20), Access::Store).expect("a frame of its own");
        let frame = vm.memory.frame(GuestPhys(RAM.base + 0x20), Access::Store).expect("set-up code ran there");
        host.page_mut(frame)[0x21] ^= 1;
    });
    let found = super::differences(&a, &b).join("\n");
    assert!(found.contains("x3: ") && found.contains("memory at 0x80000021"), "{found}");
}
