//! Address translation: every page-table entry against a table written from the specification, and guests that page.

mod common;
use common::*;
use hvcore::memory::Access;
use hvcore::memory::sv32::{Regime, WalkFault, pte, walk};
use hvcore::{ExitReason, Ext, GuestPhys, GuestVirt, Privilege, VirtualSpace, VmConfig};
use rv32::Op;

/// Privileged specification, table 10.5: what the bits X, W, R mean.
const XWR: [&str; 8] = ["pointer", "r", "reserved", "rw", "x", "rx", "reserved", "rwx"];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Expected {
    PageFault,
    /// The next level decides.
    Pointer,
    /// Allowed; the entry afterwards.
    Leaf(u32),
}

/// What one entry does, from the text of §10.3.2.
fn oracle(entry: u32, level: u32, access: Access, privilege: Privilege, sum: bool, mxr: bool, hardware_ad: bool) -> Expected {
    let bit = |n: u32| entry >> n & 1 == 1;
    let (valid, user, accessed, dirty) = (bit(0), bit(4), bit(6), bit(7));
    let kind = XWR[(entry >> 1 & 7) as usize];
    if !valid || kind == "reserved" {
        return Expected::PageFault; // step 3
    }
    if kind == "pointer" {
        let reserved_bits_clear = !user && !accessed && !dirty;
        return if level == 1 && reserved_bits_clear { Expected::Pointer } else { Expected::PageFault }; // step 4
    }
    let letter = match access {
        Access::Fetch => kind.contains('x'),
        Access::Load if mxr => kind.contains('r') || kind.contains('x'),
        Access::Load => kind.contains('r'),
        Access::Store => kind.contains('w'),
    };
    let mode = match (privilege, user) {
        (Privilege::User, user_page) => user_page,
        (Privilege::Supervisor, false) => true,
        (Privilege::Supervisor, true) => sum && access != Access::Fetch,
    };
    if !letter || !mode {
        return Expected::PageFault; // step 5
    }
    let misaligned_superpage = level == 1 && entry >> 10 & 0x3ff != 0;
    if misaligned_superpage {
        return Expected::PageFault; // step 6
    }
    let store = access == Access::Store;
    if (!accessed || (store && !dirty)) && !hardware_ad {
        return Expected::PageFault; // step 7, Svade
    }
    Expected::Leaf(entry | 1 << 6 | u32::from(store) << 7)
}

#[test]
fn every_entry_level_access_and_mode_agrees_with_the_specification() {
    const ROOT: u32 = 0x8000_1000;
    const TABLE: u32 = 0x8000_2000;
    const GVA: u32 = 0x1234_5678;
    let (root_entry, table_entry) = (ROOT + (GVA >> 22) * 4, TABLE + (GVA >> 12 & 0x3ff) * 4);
    let good_leaf = |user: bool| 0x8765_4000 >> 2 | 0xcf | u32::from(user) << 4;
    let mut cases = 0;
    for flags in 0..1024u32 {
        for level in [0, 1] {
            for (superpage_aligned, hardware_ad) in [(true, true), (true, false), (false, true)] {
                for access in [Access::Fetch, Access::Load, Access::Store] {
                    for privilege in [Privilege::User, Privilege::Supervisor] {
                        for (sum, mxr) in [(false, false), (false, true), (true, false), (true, true)] {
                            // At level 1 the entry is a superpage's, aligned or not, or points at the table.
                            let pointer = level == 1 && flags >> 1 & 7 == 0;
                            let ppn = if pointer { TABLE >> 12 } else if superpage_aligned { 0x8040_0000 >> 12 } else { 0x8040_1000 >> 12 };
                            let entry = ppn << 10 | flags;
                            let regime = Regime { satp: 1 << 31 | ROOT >> 12, privilege, sum, mxr, hardware_ad, space: VirtualSpace::Full };
                            let memory = |gpa: GuestPhys| match (level, gpa.0) {
                                (1, at) if at == root_entry => Ok(entry),
                                (1, at) if at == table_entry => Ok(good_leaf(privilege == Privilege::User)),
                                (0, at) if at == root_entry => Ok(TABLE >> 2 | pte::V),
                                (0, at) if at == table_entry => Ok(entry),
                                _ => Err(gpa),
                            };
                            let found = walk(&regime, GuestVirt(GVA), access, memory);
                            let expected = match oracle(entry, level, access, privilege, sum, mxr, hardware_ad) {
                                Expected::PageFault => Err(WalkFault::Page),
                                Expected::Pointer => Ok((0x8765_4678, None)),
                                Expected::Leaf(after) => {
                                    let offset = if level == 1 { GVA & 0x3f_ffff } else { GVA & 0xfff };
                                    let at = if level == 1 { root_entry } else { table_entry };
                                    Ok(((ppn << 12) + offset, (after != entry).then_some((GuestPhys(at), after))))
                                }
                            };
                            let found = found.map(|leaf| (leaf.gpa.0, leaf.update));
                            assert_eq!(found, expected, "entry {entry:#x} level {level} {access:?} {privilege:?} sum {sum} mxr {mxr} svadu {hardware_ad}");
                            cases += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(cases, 3 * 49_152);
}

#[test]
fn walks_outside_the_32_bit_space_are_access_faults() {
    let regime = Regime { satp: 1 << 31 | 0x3f_ffff, privilege: Privilege::Supervisor, sum: false, mxr: false, hardware_ad: true, space: VirtualSpace::Full };
    assert_eq!(walk(&regime, GuestVirt(0), Access::Load, |_| Ok::<u32, ()>(0)), Err(WalkFault::Access), "the root");
    let regime = Regime { satp: 1 << 31 | 0x8_0000, ..regime };
    assert_eq!(walk(&regime, GuestVirt(0), Access::Load, |_| Ok::<u32, ()>(0xfff0_00cf)), Err(WalkFault::Access), "a leaf");
    assert_eq!(walk(&regime, GuestVirt(0), Access::Load, Err::<u32, _>), Err(WalkFault::Entry(GuestPhys(0x8000_0000), GuestPhys(0x8000_0000))));
}

/// Root table at RAM + 0x4000: RAM mapped to itself by a superpage (supervisor, rwx), and VA 0x4000_0000 by the
/// table at RAM + 0x5000, whose entries `tables` fills: (index, entry). Then `body` runs with paging on.
fn paged(tables: &[(u32, u32)], body: impl Fn(&mut Code)) -> Vec<u8> {
    code(|c| {
        c.vector("handler");
        c.la(T0, "start");
        c.i(Op::Jalr, ZERO, T0, 0);
        c.align(4);
        c.label("handler");
        c.csrr(A0, csr::SCAUSE);
        c.csrr(A1, csr::SEPC);
        c.csrr(A2, csr::STVAL);
        c.exit_a0();
        c.label("start");
        c.li(S0, RAM + 0x4000);
        c.li(T0, RAM >> 2 | 0xcf);
        c.li(T1, 0x800);
        c.r(Op::Add, T1, S0, T1);
        c.s(Op::Sw, T0, T1, 0);
        c.li(T0, (RAM + 0x5000) >> 2 | 1);
        c.li(T1, 0x400);
        c.r(Op::Add, T1, S0, T1);
        c.s(Op::Sw, T0, T1, 0);
        for &(index, entry) in tables {
            c.li(T0, entry);
            c.li(T1, RAM + 0x5000 + index * 4);
            c.s(Op::Sw, T0, T1, 0);
        }
        c.li(T0, 1 << 31 | (RAM + 0x4000) >> 12);
        c.csrw(csr::SATP, T0);
        c.op(Op::SfenceVma);
        c.li(S1, 0x4000_0000);
        body(c);
    })
}

fn leaf(gpa: u32, flags: u32) -> u32 {
    gpa >> 2 | flags
}

const V: u32 = 1;
const R: u32 = 2;
const W: u32 = 4;
const X: u32 = 8;
const A: u32 = 0x40;
const D: u32 = 0x80;

fn run_paged(tables: &[(u32, u32)], body: impl Fn(&mut Code)) -> Ran {
    run_config(&paged(tables, body), small("paged"), TestDoor::default())
}

#[test]
fn accessed_and_dirty_bits_are_set_by_hardware() {
    let ran = run_paged(&[(0, leaf(RAM + 0x6000, V | R | W)), (1, leaf(RAM + 0x7000, V | R | W)), (2, leaf(RAM + 0x8000, V | R | W))], |c| {
        c.i(Op::Lw, T0, S1, 0x10);
        c.li(T2, 0x4000_1000);
        c.li(T1, 0xabcd);
        c.s(Op::Sw, T1, T2, 0x20);
        c.exit(0);
    });
    assert_eq!(ran.code(), 0);
    let entries = [0, 4, 8].map(|offset| ran.word(RAM + 0x5000 + offset) & 0xff);
    assert_eq!(entries, [V | R | W | A, V | R | W | A | D, V | R | W]);
    assert_eq!((ran.word(RAM + 0x7020), ran.word_virtual(0x4000_1020)), (0xabcd, Some(0xabcd)));
}

#[test]
fn without_svadu_clear_bits_fault() {
    let mut config = small("svade");
    config.isa = config.isa.without(Ext::Svadu);
    let program = paged(&[(0, leaf(RAM + 0x6000, V | R | W | A))], |c| {
        c.i(Op::Lw, T0, S1, 0);
        c.s(Op::Sw, T0, S1, 0);
    });
    let ran = run_config(&program, config, TestDoor::default());
    assert_eq!((ran.code(), ran.x(A2), ran.word(RAM + 0x5000) & 0xff), (15, 0x4000_0000, V | R | W | A));
}

#[test]
fn faults_carry_their_kind_and_the_virtual_address() {
    let load = |c: &mut Code| c.i(Op::Lw, T0, S1, 4);
    let store = |c: &mut Code| c.s(Op::Sw, T0, S1, 8);
    let jump = |c: &mut Code| c.i(Op::Jalr, ZERO, S1, 0);
    let trap = |tables: &[(u32, u32)], body: &dyn Fn(&mut Code)| {
        let ran = run_paged(tables, body);
        (ran.code(), ran.x(A2))
    };
    assert_eq!(trap(&[], &load), (13, 0x4000_0004));
    assert_eq!(trap(&[], &store), (15, 0x4000_0008));
    assert_eq!(trap(&[], &jump), (12, 0x4000_0000));
    assert_eq!(trap(&[(0, leaf(RAM + 0x6000, V | R))], &store), (15, 0x4000_0008));
    assert_eq!(trap(&[(0, leaf(RAM + 0x6000, V | R | W))], &jump), (12, 0x4000_0000));
    let fetch_add = |c: &mut Code| c.r(Op::AmoaddW, T0, S1, T1);
    assert_eq!(trap(&[(0, leaf(RAM + 0x6000, V | R))], &fetch_add), (15, 0x4000_0000), "atomics are stores");
    // A good translation to no memory, to beyond 32 bits, to a device (fetch): access faults of the same kinds.
    let nowhere = leaf(0x5000_0000, V | R | W | X);
    assert_eq!((trap(&[(0, nowhere)], &load), trap(&[(0, nowhere)], &store), trap(&[(0, nowhere)], &jump)), ((5, 0x4000_0004), (7, 0x4000_0008), (1, 0x4000_0000)));
    assert_eq!(trap(&[(0, !(1 << 4))], &load), (5, 0x4000_0004));
    assert_eq!(trap(&[(0, leaf(UART, V | R | W | X))], &jump), (1, 0x4000_0000));
    // Tables in a device, past RAM, in nothing.
    for table in [UART, RAM + (1 << 20), 0x5000_0000, 0] {
        let ran = run_paged(&[], |c| {
            c.li(T0, table >> 2 | 1);
            c.li(T1, RAM + 0x4000 + 0x404);
            c.s(Op::Sw, T0, T1, 0);
            c.li(S1, 0x4040_0000);
            c.s(Op::Sw, T0, S1, 0);
        });
        assert_eq!((ran.code(), ran.x(A2)), (7, 0x4040_0000), "table at {table:#x}");
    }
}

#[test]
fn devices_are_reached_through_the_page_table() {
    let ran = run_paged(&[(0, leaf(UART, V | R | W))], |c| {
        c.li(T0, u32::from(b'p'));
        c.s(Op::Sb, T0, S1, 0);
        c.i(Op::Lbu, S2, S1, 5);
        c.i(Op::Lbu, T0, S1, 8); // no register: stval is the virtual address
    });
    assert_eq!((ran.output(), ran.x(S2), ran.code(), ran.x(A2)), (b"p".as_slice(), 0x60, 5, 0x4000_0008));
}

#[test]
fn accesses_across_pages_check_both_and_write_all_or_nothing() {
    let pages = [(0, leaf(RAM + 0x6000, V | R | W)), (1, leaf(RAM + 0x9000, V | R | W)), (2, leaf(RAM + 0x7000, V | R))];
    let ran = run_paged(&pages, |c| {
        c.li(T2, 0x4000_0ffe);
        c.li(T0, 0x1122_3344);
        c.s(Op::Sw, T0, T2, 0);
        c.i(Op::Lw, S2, T2, 0);
        c.li(T2, 0x4000_1ffd);
        c.s(Op::Sw, T0, T2, 0); // the second page is read-only
    });
    assert_eq!((ran.x(S2), ran.word(RAM + 0x6ffc), ran.word(RAM + 0x9000)), (0x1122_3344, 0x3344_0000, 0x1122));
    assert_eq!((ran.code(), ran.x(A2)), (15, 0x4000_2000), "the faulting page's first byte");
    assert_eq!(ran.word(RAM + 0x9ffc), 0, "nothing was written");
    let ran = run_paged(&pages[..1], |c| {
        c.li(T2, 0x4000_0fff);
        c.i(Op::Lhu, S2, T2, 0);
    });
    assert_eq!((ran.code(), ran.x(A2)), (13, 0x4000_1000));
    // A fetch whose second half is in a page that does not translate.
    let ran = run_paged(&[(0, leaf(RAM + 0x6000, V | R | W | X))], |c| {
        c.li(T2, 0x4000_0ffe);
        c.li(T0, 0x0593);
        c.s(Op::Sh, T0, T2, 0);
        c.i(Op::Jalr, ZERO, T2, 0);
    });
    assert_eq!((ran.code(), ran.x(A1), ran.x(A2)), (12, 0x4000_0ffe, 0x4000_1000));
}

#[test]
fn a_store_to_an_entry_affects_the_next_access() {
    let ran = run_paged(&[(0, leaf(RAM + 0x6000, V | R | W)), (1, leaf(RAM + 0x5000, V | R | W))], |c| {
        c.li(T0, 1);
        c.s(Op::Sw, T0, S1, 0);
        c.li(T2, 0x4000_1000); // the table itself
        c.li(T0, leaf(RAM + 0x7000, V | R | W));
        c.s(Op::Sw, T0, T2, 0);
        c.i(Op::Lw, S2, S1, 0); // no sfence.vma between
        c.exit(0);
    });
    assert_eq!((ran.code(), ran.x(S2)), (0, 0));
}

#[test]
fn a_page_table_that_contains_itself_is_no_harm() {
    let ran = run_paged(&[(3, leaf(RAM + 0x4000, V | R | W))], |c| {
        c.li(T0, (RAM + 0x4000) >> 2 | 1); // root entry 0x101 points at the root
        c.li(T1, 0x4000_3404);
        c.s(Op::Sw, T0, T1, 0);
        c.li(T1, 0x4040_0000 | 0x200 << 12);
        c.i(Op::Lw, S2, T1, 0); // reads RAM through the superpage entry, as a level-0 leaf
        c.exit(0);
    });
    assert_eq!((ran.code(), ran.x(S2)), (0, ran.word(RAM)));
}

/// The classic configuration: 16 KiB of RAM; root table in the second page maps 0x8000_0000 to itself.
fn classic(body: impl Fn(&mut Code)) -> Ran {
    let program = code(|c| {
        c.vector("handler");
        c.la(T0, "start");
        c.i(Op::Jalr, ZERO, T0, 0);
        c.align(4);
        c.label("handler");
        c.csrr(A0, csr::SCAUSE);
        c.csrr(A1, csr::SEPC);
        c.csrr(A2, csr::STVAL);
        c.csrw(csr::SATP, ZERO);
        c.exit_a0();
        c.label("start");
        body(c);
    });
    let config = VmConfig { max_steps: Some(100_000), ..VmConfig::classic("classic") };
    run_config(&program, config, TestDoor::default())
}

fn paging_on(c: &mut Code) {
    c.li(S0, RAM + 0x1000);
    c.li(T0, RAM >> 2 | 0xcf);
    for slot in [0x7fc, 0x800, 0x804] {
        // the entries of 0x7fc0_0000, 0x8000_0000 and 0x8040_0000 all lead to RAM
        c.li(T1, slot);
        c.r(Op::Add, T1, S0, T1);
        c.s(Op::Sw, T0, T1, 0);
    }
    c.li(T0, 1 << 31 | (RAM + 0x1000) >> 12);
    c.csrw(csr::SATP, T0);
}

#[test]
fn classic_limits_are_enforced() {
    let trap = |ran: Ran| (ran.code(), ran.x(A2));
    let past_ram = RAM + 0x4000;
    assert_eq!(trap(classic(|c| { c.li(T0, past_ram); c.i(Op::Lw, T1, T0, 0); })), (5, past_ram));
    assert_eq!(trap(classic(|c| { c.li(T0, past_ram); c.s(Op::Sw, T1, T0, 0); })), (7, past_ram));
    assert_eq!(trap(classic(|c| { c.li(T0, past_ram); c.i(Op::Jalr, ZERO, T0, 0); })), (1, past_ram));
    let inside = classic(|c| { paging_on(c); c.li(T0, past_ram - 4); c.s(Op::Sw, T0, T0, 0); c.i(Op::Lw, S1, T0, 0); c.exit(0); });
    assert_eq!((inside.code(), inside.x(S1)), (0, past_ram - 4));
    assert_eq!(trap(classic(|c| { paging_on(c); c.li(T0, past_ram); c.i(Op::Lw, T1, T0, 0); })), (5, past_ram), "translates, but there is no RAM");
    assert_eq!(trap(classic(|c| { paging_on(c); c.li(T0, 0x8040_0000); c.i(Op::Lw, T1, T0, 0); })), (13, 0x8040_0000));
    assert_eq!(trap(classic(|c| { paging_on(c); c.li(T0, 0x7fff_fffc); c.s(Op::Sw, T1, T0, 0); })), (15, 0x7fff_fffc));
    assert_eq!(trap(classic(|c| { paging_on(c); c.li(T0, UART); c.i(Op::Lb, T1, T0, 0); })), (13, UART), "devices are outside too");
    let bare = classic(|c| { c.li(T0, UART); c.i(Op::Lbu, S1, T0, 5); c.exit(0); });
    assert_eq!((bare.code(), bare.x(S1), bare.count(ExitReason::IoInstruction)), (0, 0x60, 1), "no restriction without paging");
    assert_eq!(classic(|c| c.exit(0)).vm().memory().devicetree_at().0, 0x1000, "the devicetree is in the ROM");
}
