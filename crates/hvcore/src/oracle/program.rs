//! Random programs, biased to the nasty: accesses that cross pages or are misaligned, stores into code and page tables,
//! switches of the address space, traps everywhere.
//!
//! ```text
//! page 0    set-up, then random code      4   root table
//!      1    trap handler, random code     5   table of the RAM's region
//!      2    random code                   6   table of another region; data
//!      3    data                          7   data
//! ```

use super::Random;
use crate::addr::GuestPhys;
use crate::cpu::csr::ROWS;
use crate::memory::image::{Image, Segment};
use crate::memory::sv32::pte;
use guest_abi::PAGE_SIZE;
use guest_abi::memory_map::{PLIC, RAM, UART0};
use rv32::{Ext, Insn, Isa, Op};
use std::sync::Arc;

const PAGES: u32 = 8;
/// RAM of a random program's guest.
pub(super) const RAM_BYTES: u32 = PAGES * PAGE_SIZE;

const HANDLER: u32 = RAM.base + PAGE_SIZE;
const ROOT: u32 = RAM.base + 4 * PAGE_SIZE;
const TABLE: u32 = RAM.base + 5 * PAGE_SIZE;
const OTHER_TABLE: u32 = RAM.base + 6 * PAGE_SIZE;

const T0: u8 = 5;

/// The extensions of a guest: mostly all.
pub(super) fn isa(random: &mut Random) -> Isa {
    match random.below(10) {
        0 => Isa::PLATFORM.without(Ext::C),
        1 => Isa::PLATFORM.without(Ext::Svadu),
        2 => Isa::PLATFORM.without(random.pick(&[Ext::A, Ext::M, Ext::Sstc, Ext::Zba, Ext::Zbb, Ext::Zbs, Ext::Zicntr])),
        _ => Isa::PLATFORM,
    }
}

/// A program.
pub(super) fn generate(random: &mut Random) -> Arc<Image> {
    let mut p = Program { bytes: vec![0; RAM_BYTES as usize], at: 0, random };
    p.set_up();
    p.fill(PAGE_SIZE);
    p.at = PAGE_SIZE;
    p.handler();
    p.fill(3 * PAGE_SIZE);
    for at in (3 * PAGE_SIZE..RAM_BYTES).step_by(4) {
        let word = p.random.word();
        p.put(at, word);
    }
    p.tables();
    let bytes = p.bytes;
    let segment = Segment { name: "random".into(), gpa: GuestPhys(RAM.base), file_offset: 0, file_bytes: RAM_BYTES, memory_bytes: RAM_BYTES };
    // Inside RAM and not empty, so that it is not refused.
    match Image::new(bytes.into(), GuestPhys(RAM.base), vec![segment], 0) {
        Ok(image) => Arc::new(image),
        Err(error) => unreachable!("{error}"),
    }
}

struct Program<'a> {
    bytes: Vec<u8>,
    at: u32,
    random: &'a mut Random,
}

impl Program<'_> {
    fn put(&mut self, at: u32, word: u32) {
        self.bytes[at as usize..at as usize + 4].copy_from_slice(&word.to_le_bytes());
    }

    fn insn(&mut self, insn: Insn) {
        self.put(self.at, rv32::encode(&insn));
        self.at += 4;
    }

    fn i(&mut self, op: Op, rd: u8, rs1: u8, imm: i32) {
        self.insn(Insn { rd, rs1, imm, ..Insn::new(op) });
    }

    fn li(&mut self, rd: u8, value: u32) {
        let upper = value.wrapping_add(0x800) & 0xffff_f000;
        self.i(Op::Lui, rd, 0, upper as i32);
        self.i(Op::Addi, rd, rd, value.wrapping_sub(upper) as i32);
    }

    fn csrw(&mut self, csr: i32, rs1: u8) {
        self.i(Op::Csrrw, 0, rs1, csr);
    }

    fn set_up(&mut self) {
        let stvec = HANDLER + u32::from(self.random.once_in(8));
        let satp = if self.random.once_in(3) { 0 } else { 1 << 31 | self.random.below(4) << 22 | ROOT >> 12 };
        let sstatus = self.random.word() & 0x000c_0122;
        let sepc = self.code_address();
        let timer = self.random.below(50);
        for (csr, value) in [(0x105, stvec), (0x141, sepc), (0x104, 0x222), (0x14d, timer), (0x15d, 0), (0x106, 7), (0x100, sstatus)] {
            self.li(T0, value);
            self.csrw(csr, T0);
        }
        self.li(T0, satp);
        self.csrw(0x180, T0);
        for register in 1..32 {
            let value = self.value();
            self.li(register, value);
        }
        self.insn(Insn::new(Op::Sret));
    }

    /// Passes over what trapped, puts the timer further, and brings some registers back to where something is.
    fn handler(&mut self) {
        self.i(Op::Csrrw, T0, T0, 0x140);
        self.i(Op::Csrrs, T0, 0, 0x141);
        let length = self.random.pick(&[2, 4]);
        self.i(Op::Addi, T0, T0, length);
        self.csrw(0x141, T0);
        self.i(Op::Csrrci, 0, 2, 0x144);
        self.i(Op::Csrrs, T0, 0, 0xc01);
        let later = self.random.below(8) as i32;
        self.i(Op::Addi, T0, T0, later);
        self.csrw(0x14d, T0);
        self.i(Op::Csrrwi, 0, 0, 0x15d);
        for _ in 0..self.random.below(4) {
            let (register, value) = (8 + self.random.below(8) as u8, self.value());
            self.li(register, value);
        }
        if self.random.once_in(2) {
            let flip = self.random.pick(&[Op::Csrrs, Op::Csrrc]);
            self.i(Op::Addi, T0, 0, 0x100);
            self.i(flip, 0, T0, 0x100);
        }
        if !self.random.once_in(3) {
            // Somewhere else, when the clock says so.
            let target = self.code_address();
            self.i(Op::Csrrs, T0, 0, 0xc02);
            self.i(Op::Andi, T0, T0, 12);
            self.insn(Insn { rs1: T0, imm: 16, ..Insn::new(Op::Bne) });
            self.li(T0, target);
            self.csrw(0x141, T0);
        }
        if self.random.once_in(6) {
            let satp = if self.random.once_in(3) { 0 } else { 1 << 31 | ROOT >> 12 };
            self.li(T0, satp);
            self.csrw(0x180, T0);
        }
        self.i(Op::Csrrw, T0, T0, 0x140);
        self.insn(Insn::new(Op::Sret));
    }

    fn fill(&mut self, end: u32) {
        while self.at + 4 <= end {
            if self.random.once_in(16) && self.at + 64 <= end {
                self.scheme();
            } else if self.random.once_in(4) {
                let half = self.random.word() as u16;
                let half = if half & 3 == 3 { half & !1 } else { half };
                self.bytes[self.at as usize..self.at as usize + 2].copy_from_slice(&half.to_le_bytes());
                self.at += 2;
            } else {
                let word = self.word();
                self.put(self.at, word);
                self.at += 4;
            }
        }
        self.at = end;
    }

    /// What takes several instructions in a row, and an engine that forgets too little would do wrong.
    fn scheme(&mut self) {
        let pointer = 8 + self.random.below(8) as u8;
        let other = 8 + (pointer - 8 + 1 + self.random.below(7) as u8) % 8;
        let store = |random: &mut Random| random.pick(&[Op::Sw, Op::Sh, Op::Sb]);
        match self.random.below(5) {
            // A store between the two halves of an atomic sequence, to the word or beside it.
            0 => {
                let address = RAM.base + 7 * PAGE_SIZE + 4 * self.random.below(1000);
                self.li(pointer, address);
                self.insn(Insn { rd: other, rs1: pointer, ..Insn::new(Op::LrW) });
                let (op, imm) = (store(self.random), self.random.pick(&[0, 0, 2, 4, -4]));
                self.insn(Insn { rs1: pointer, rs2: other, imm, ..Insn::new(op) });
                self.insn(Insn { rd: other, rs1: pointer, rs2: 1, ..Insn::new(Op::ScW) });
            }
            // Code changes shortly before it is executed: a part of an instruction, as likely as a whole one.
            1 => {
                let (op, from, to) = (store(self.random), 12 + 2 * self.random.below(8) as i32, 12 + self.random.below(24) as i32);
                self.i(Op::Auipc, pointer, 0, 0);
                self.i(Op::Lw, other, pointer, from);
                self.insn(Insn { rs1: pointer, rs2: other, imm: to, ..Insn::new(op) });
            }
            // An entry of a table of the last level, or of the root, becomes another's like; what it translates is used before and after.
            2 | 3 => {
                let is_root = self.random.once_in(2);
                let (table, target) = if is_root { (ROOT + 4 * 512, 0x8040_0000) } else { (TABLE, RAM.base + 0x8000) };
                let (from, index) = (4 * self.random.below(8) as i32, self.random.below(8));
                let to = if is_root { 4 } else { 4 * (index + 8) as i32 };
                self.li(pointer, table);
                let address = target + index * PAGE_SIZE + 4 * self.random.below(1000);
                self.li(other, address);
                let op = self.random.pick(&[Op::Lw, Op::Sw]);
                let access = Insn { rd: if op == Op::Lw { 4 } else { 0 }, rs1: other, rs2: if op == Op::Sw { 4 } else { 0 }, ..Insn::new(op) };
                self.insn(access);
                self.i(Op::Lw, 4, pointer, from);
                self.insn(Insn { rs1: pointer, rs2: 4, imm: to, ..Insn::new(Op::Sw) });
                self.insn(access);
            }
            // What is called was data before, and is called again after it was changed.
            _ => {
                let address = RAM.base + self.random.pick(&[3, 7]) * PAGE_SIZE + 4 * self.random.below(1000);
                self.li(pointer, address);
                for addend in 1..3 {
                    // c.addi x4, addend; c.jr x1
                    self.li(other, 0x8082_0201 | addend << 2);
                    self.insn(Insn { rs1: pointer, rs2: other, ..Insn::new(Op::Sw) });
                    self.insn(Insn { rd: 1, rs1: pointer, ..Insn::new(Op::Jalr) });
                }
            }
        }
    }

    /// A word of code.
    fn word(&mut self) -> u32 {
        let bits = self.random.word();
        // Few registers, so that what one instruction computes another uses.
        let few = bits & !(0x10 << 7 | 0x10 << 15 | 0x10 << 20);
        let of = |op: Op, bits: u32| op.row().bits | bits & !op.row().mask;
        let near = |random: &mut Random| (random.below(64) as i32 - 24) * 2;
        match self.random.below(100) {
            0..35 => of(self.random.pick(&Op::ALL), few),
            35..58 => {
                let op = self.random.pick(&[Op::Lb, Op::Lh, Op::Lw, Op::Lbu, Op::Lhu, Op::Sb, Op::Sh, Op::Sw, Op::Sw, Op::Lw]);
                let (rs1, imm) = (8 + self.random.below(8) as u8, self.random.below(17) as i32 - 8);
                let register = self.random.below(16) as u8;
                let store = matches!(op, Op::Sb | Op::Sh | Op::Sw);
                let (rd, rs2) = if store { (0, register) } else { (register, 0) };
                rv32::encode(&Insn { op, rd, rs1, rs2, imm })
            }
            58..66 => {
                let op = self.random.pick(&[Op::Beq, Op::Bne, Op::Blt, Op::Bge, Op::Bltu, Op::Bgeu]);
                let imm = near(self.random);
                rv32::encode(&Insn { op, rd: 0, rs1: self.random.below(16) as u8, rs2: self.random.below(16) as u8, imm })
            }
            66..69 => rv32::encode(&Insn { rd: self.random.below(3) as u8, imm: near(self.random), ..Insn::new(Op::Jal) }),
            69..71 => rv32::encode(&Insn { rd: 1, rs1: 12 + self.random.below(4) as u8, ..Insn::new(Op::Jalr) }),
            71..77 => {
                let op = self.random.pick(&[Op::LrW, Op::ScW, Op::AmoswapW, Op::AmoaddW, Op::AmomaxuW]);
                of(op, few & !(0x1f << 15) | (8 + self.random.below(8)) << 15)
            }
            77..85 => {
                let row = self.random.pick(ROWS);
                let op = self.random.pick(&[Op::Csrrw, Op::Csrrs, Op::Csrrc, Op::Csrrwi, Op::Csrrsi, Op::Csrrci]);
                of(op, few & 0x000f_ffff | u32::from(row.number) << 20)
            }
            85..87 => of(self.random.pick(&[Op::SfenceVma, Op::FenceI, Op::Fence]), few),
            87 => of(self.random.pick(&[Op::Ecall, Op::Ebreak, Op::Sret, Op::Wfi]), 0),
            // A pointer, by its upper bits.
            88..94 => {
                let value = self.value();
                rv32::encode(&Insn { rd: 8 + self.random.below(8) as u8, imm: (value & 0xffff_f000) as i32, ..Insn::new(Op::Lui) })
            }
            94..97 => {
                let register = 8 + self.random.below(8) as u8;
                let imm = self.random.pick(&[-1, 1, 2, 4, -4, 2047, -2048, 2046]);
                rv32::encode(&Insn { rd: register, rs1: register, imm, ..Insn::new(Op::Addi) })
            }
            _ => bits,
        }
    }

    fn code_address(&mut self) -> u32 {
        let page = self.random.below(3) * PAGE_SIZE;
        let offset = if self.random.once_in(4) { 0xffc - 2 * self.random.below(8) } else { self.random.below(PAGE_SIZE) };
        self.region() + page + (offset & !1)
    }

    /// Where RAM is seen: at its place, and where the tables show it once more.
    fn region(&mut self) -> u32 {
        self.random.pick(&[RAM.base, RAM.base, RAM.base, RAM.base, RAM.base + 0x8000, 0x8040_0000, 0x0040_0000])
    }

    /// A value for a register, mostly an address where something is.
    fn value(&mut self) -> u32 {
        let region = self.region();
        match self.random.below(20) {
            0..6 => region + self.random.below(RAM_BYTES),
            6..10 => region + (1 + self.random.below(PAGES)) * PAGE_SIZE - self.random.below(8),
            10..12 => region + (self.random.below(3) * PAGE_SIZE) + (self.random.below(PAGE_SIZE) & !1),
            12 => ROOT + 4 * self.random.pick(&[0, 1, 2, 64, 512, 513]),
            13 => TABLE + 4 * self.random.below(20),
            14 => OTHER_TABLE + 4 * self.random.below(20),
            15 => self.random.pick(&[UART0.base, UART0.base + 5, PLIC.base + 40, PLIC.base + 0x20_1004, 0x1000, 0x10_0004]),
            16 => self.random.below(64),
            _ => self.random.word(),
        }
    }

    fn flags(&mut self) -> u32 {
        match self.random.below(8) {
            0 => self.random.below(256),
            1 => self.random.below(256) | pte::V | pte::R,
            2 => pte::V | pte::R | pte::W | pte::X,
            3 | 4 => pte::V | pte::R | pte::W | pte::X | pte::U,
            _ => pte::V | pte::R | pte::W | pte::X | pte::A | pte::D,
        }
    }

    fn tables(&mut self) {
        let entry = |page: u32, flags: u32| page >> 2 | flags;
        for (index, target) in [(512, TABLE), (1, OTHER_TABLE)] {
            self.put(ROOT - RAM.base + 4 * index, entry(target, pte::V));
        }
        for (index, target) in [(513, RAM.base), (2, RAM.base), (64, UART0.base & !0x3f_ffff)] {
            let flags = self.flags();
            self.put(ROOT - RAM.base + 4 * index, entry(target, flags));
        }
        for table in [TABLE, OTHER_TABLE] {
            for index in 0..2 * PAGES {
                let flags = self.flags();
                let page = if index < PAGES { index } else { self.random.below(PAGES) };
                // The first pages of the RAM's region are where the handler and the tables can be found.
                let flags = if table == TABLE && index < PAGES && !self.random.once_in(6) { 0xcf | if index == 1 { 0 } else { flags & pte::U } } else { flags };
                self.put(table - RAM.base + 4 * index, entry(RAM.base + page * PAGE_SIZE, flags));
            }
        }
    }
}
