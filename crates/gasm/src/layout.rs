//! Sizes and addresses: fragments grow until nothing changes, then every label has its offset.

use crate::assembler::Assembler;
use crate::evaluate::{Failure, Resolved};
use crate::expr::Value;
use crate::limits;
use crate::place::Where;
use crate::symbols::Definition;
use crate::section::{Branch, ChainId, Fill, SectionId, Variable};
use diag::{Diagnostic, codes};

/// The reach of a conditional branch, 13 signed bits.
const BRANCH_REACH: i64 = 4096;
/// The reach of a compressed branch, 9 signed bits.
const SHORT_BRANCH_REACH: i64 = 256;
/// The reach of a compressed jump, 12 signed bits.
const SHORT_JUMP_REACH: i64 = 2048;

/// Rounds over a section in which sizes may shrink again.
const SHRINKING_ROUNDS: usize = 64;

impl Assembler<'_> {
    /// Pads the end of code sections to their alignment, as GNU as does.
    pub fn pad_code_sections(&mut self) {
        for i in 0..self.sections.all.len() {
            let section = SectionId(i as u32);
            let power = self.sections[section].align_power;
            if !self.sections[section].is_code() || power == 0 || self.sections[section].is_nobits() {
                continue;
            }
            let Some(&chain) = self.sections[section].chains.last() else { continue };
            let fill = if self.target.relax() { Fill::Bytes { value: 0, size: 1 } } else { Fill::Nops };
            self.sections[chain].push_variable(Variable::Align { power, max: 0, fill }, 0);
        }
    }

    /// Lays out all sections, as GNU as does it (`relax_segment` in its write.c), because which of two sizes a
    /// branch at the edge of its reach gets depends on the way: a first guess of addresses and sizes, fragment by
    /// fragment, in which labels further on still have the addresses of the time before; then corrections until
    /// nothing changes. That is repeated until no address changes from one time to the next.
    ///
    /// False after an error: sizes are not to be relied on.
    pub fn layout(&mut self) -> bool {
        let mut before = vec![None; self.sections.all.len()];
        for _ in 0..limits::LAYOUT_PASSES {
            let mut changed = false;
            for (i, before) in before.iter_mut().enumerate() {
                let section = SectionId(i as u32);
                if !self.relax_section(section) {
                    return false;
                }
                let addresses = Some(self.addresses_digest(section));
                changed |= *before != addresses;
                *before = addresses;
            }
            changed |= self.number_views();
            if !changed {
                return true;
            }
        }
        self.unsettled();
        false
    }

    /// Warns about sizes that are distances in code which linking may change.
    pub fn warn_relaxable_sizes(&mut self) {
        let mut found = Vec::new();
        for chain in &self.sections.chains {
            for variable in &chain.variables {
                if let Variable::Repeat { count: value, place, .. } | Variable::Org { target: value, place, .. } = variable
                    && value.sub.is_some()
                {
                    found.push((*value, *place));
                }
            }
        }
        for (value, place) in found {
            self.warn_relaxable(value, place);
        }
    }

    fn unsettled(&mut self) {
        let d = Diagnostic::new(&codes::E0310, "the sizes in this file do not settle")
            .note("a size depends on itself through labels, as in `.space b - a` between a and b");
        self.report(d);
        self.failed_layout = true;
    }

    /// Guesses, then corrects until nothing changes; false after an error.
    fn relax_section(&mut self, section: SectionId) -> bool {
        for round in 0..limits::LAYOUT_ROUNDS {
            match self.walk_section(section, round) {
                Some(true) => {}
                Some(false) => return true,
                None => return false,
            }
        }
        self.unsettled();
        false
    }

    /// One walk over a section's fragments; whether a size changed, or `None` after an error. In the first walk
    /// (round 0) every fragment is put behind the one before it; in later ones it moves by what those before it
    /// grew in this walk, so that labels further on are where they were until the walk comes to them.
    fn walk_section(&mut self, section: SectionId, round: usize) -> Option<bool> {
        let mut changed = round == 0;
        let mut address: u64 = 0;
        let mut stretch: i64 = 0;
        for c in 0..self.sections[section].chains.len() {
            let chain = self.sections[section].chains[c];
            for f in 0..self.sections[chain].frags.len() {
                let frag = self.sections[chain].frags[f];
                if round > 0 {
                    address = (i64::from(frag.address) + stretch) as u64;
                }
                self.sections[chain].frags[f].address = address as u32;
                address += u64::from(self.sections[chain].fixed_len(f as u32));
                if frag.variable != u32::MAX {
                    let size = self.variable_size(chain, f as u32, address, round);
                    if size != u64::from(frag.size) {
                        changed = true;
                        stretch += size as i64 - i64::from(frag.size);
                        self.sections[chain].frags[f].size = size.min(limits::SECTION_BYTES) as u32;
                    }
                    address += size;
                }
                if address > limits::SECTION_BYTES {
                    self.too_large(section, chain, f as u32);
                    return None;
                }
            }
        }
        self.sections[section].size = address as u32;
        Some(changed)
    }

    fn too_large(&mut self, section: SectionId, chain: ChainId, frag: u32) {
        let name = self.names.show(self.sections[section].name);
        let place = self.variable_place(chain, frag);
        let d = Diagnostic::new(&codes::E0410, format!("section `{name}` grows beyond 2 GiB"));
        let d = match place {
            Some(place) => d.at(place.span, "with this"),
            None => d,
        };
        self.report(d);
        self.failed_layout = true;
    }

    /// Tells one layout of a section from another.
    fn addresses_digest(&self, section: SectionId) -> u64 {
        let frags = self.sections[section].chains.iter().flat_map(|&chain| &self.sections[chain].frags);
        let mix = |digest: u64, value: u32| (digest ^ u64::from(value)).wrapping_mul(0x0000_0100_0000_01b3);
        frags.fold(0xcbf2_9ce4_8422_2325, |digest, frag| mix(mix(digest, frag.address), frag.size))
    }

    fn variable_place(&self, chain: ChainId, frag: u32) -> Option<Where> {
        Some(match self.sections[chain].variable(frag)? {
            Variable::Branch(Branch { place, .. })
            | Variable::Repeat { place, .. }
            | Variable::Org { place, .. }
            | Variable::Leb { place, .. }
            | Variable::LoadImmediate { place, .. } => *place,
            Variable::Align { .. } | Variable::CfaAdvance { .. } => return None,
        })
    }

    /// The size of a variable part that begins at `address`. From some round on sizes that depend on others only
    /// grow, so that the rounds end.
    fn variable_size(&mut self, chain: ChainId, frag: u32, address: u64, round: usize) -> u64 {
        let current = u64::from(self.sections[chain].frags[frag as usize].size);
        let Some(variable) = self.sections[chain].variable(frag) else { return 0 };
        match *variable {
            Variable::Branch(branch) => {
                let size = u64::from(self.branch_size(chain, &branch, address));
                if round < SHRINKING_ROUNDS { size } else { size.max(current) }
            }
            Variable::Align { power, max, .. } => {
                let mask = (1u64 << power) - 1;
                let need = ((address + mask) & !mask) - address;
                if max != 0 && need > u64::from(max) { 0 } else { need }
            }
            Variable::Repeat { count, size, .. } => match self.late_constant(count) {
                Some(n) if n > 0 => (n as u64).saturating_mul(u64::from(size)).min(limits::SECTION_BYTES + 1),
                _ => 0,
            },
            Variable::Org { target, .. } => {
                let section = self.sections[chain].section;
                match self.org_target(section, target) {
                    Some(to) if to >= address => to - address,
                    _ => 0,
                }
            }
            Variable::Leb { value, signed, .. } => {
                let bytes = match self.late_constant(value) {
                    Some(n) if signed => sleb_len(n),
                    Some(n) => uleb_len(n as u64),
                    None => 1,
                };
                if round < SHRINKING_ROUNDS { bytes } else { bytes.max(current) }
            }
            Variable::LoadImmediate { rd, value, rvc, .. } => {
                let bytes = match self.late_constant(value) {
                    Some(n) => load_immediate_len(rd, n as i32, rvc),
                    None => 4,
                };
                bytes.max(current)
            }
            Variable::CfaAdvance { from, to } => {
                let delta = self.sections.address(to).wrapping_sub(self.sections.address(from));
                u64::from(crate::cfi::advance_len(delta)).max(if round < SHRINKING_ROUNDS { 0 } else { current })
            }
        }
    }

    fn branch_size(&self, chain: ChainId, branch: &Branch, address: u64) -> u32 {
        let jump = branch.insn.op == rv32::Op::Jal;
        let far = if jump { 4 } else { 8 };
        let Some(target) = self.branch_target(chain, branch.target) else {
            return far;
        };
        let distance = target - address as i64;
        let short = if jump { SHORT_JUMP_REACH } else { SHORT_BRANCH_REACH };
        if branch.compressible && (-short..short).contains(&distance) {
            2
        } else if jump || (-BRANCH_REACH..BRANCH_REACH).contains(&distance) {
            4
        } else if branch.compressible {
            6
        } else {
            8
        }
    }

    /// The offset of a branch's target, if it is a label of the same section that is surely meant:
    /// a weak one may be another at link time.
    fn branch_target(&self, chain: ChainId, target: Value) -> Option<i64> {
        if target.sub.is_some() || !target.add.is_some() {
            return None;
        }
        let symbol = &self.symbols[target.add];
        if symbol.binding == crate::symbols::Binding::Weak {
            return None;
        }
        let (section, offset) = self.place_of(target)?;
        (section == self.sections[chain].section).then_some(offset)
    }

    /// The section and offset that a value names, if it is a place.
    pub fn place_of(&self, value: Value) -> Option<(SectionId, i64)> {
        // Nearly always a label.
        if !value.sub.is_some()
            && value.add.is_some()
            && let Definition::Label(at) = self.symbols[value.add].definition
        {
            return Some((self.sections.section_of(at), i64::from(self.sections.address(at)).wrapping_add(value.num)));
        }
        match self.resolve(value) {
            Ok(Resolved { add: Some((section, offset)), sub: None, undefined: None, undefined_sub: None, num }) => Some((section, i64::from(offset).wrapping_add(num))),
            _ => None,
        }
    }

    /// A value that must be a number after layout; `None` if it is not (reported when written).
    pub fn late_constant(&self, value: Value) -> Option<i64> {
        self.evaluate(value).ok()
    }

    /// The offset in the section that `.org` names: a number, or a place in the same section.
    pub fn org_target(&self, section: SectionId, target: Value) -> Option<u64> {
        match self.resolve(target) {
            Ok(Resolved { add: None, sub: None, num, undefined: None, .. }) => u64::try_from(num).ok(),
            Ok(Resolved { add: Some((s, offset)), sub: None, num, .. }) if s == section => u64::try_from(i64::from(offset) + num).ok(),
            _ => None,
        }
    }

    /// Evaluates a value that must be a number.
    pub fn evaluate(&self, value: Value) -> Result<i64, Failure> {
        let r = self.resolve(value)?;
        r.number().ok_or(Failure::NotConstant)
    }
}

/// Length of an unsigned LEB128 number.
pub fn uleb_len(mut n: u64) -> u64 {
    let mut len = 1;
    while n >= 0x80 {
        n >>= 7;
        len += 1;
    }
    len
}

/// Length of a signed LEB128 number.
pub fn sleb_len(mut n: i64) -> u64 {
    let mut len = 1;
    while !(-64..64).contains(&n) {
        n >>= 7;
        len += 1;
    }
    len
}

/// Appends an unsigned LEB128 number.
pub fn push_uleb(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Appends a signed LEB128 number.
pub fn push_sleb(out: &mut Vec<u8>, mut n: i64) {
    while !(-64..64).contains(&n) {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8 & 0x7f);
}

/// Bytes that `li` takes for a number.
fn load_immediate_len(rd: u8, n: i32, rvc: bool) -> u64 {
    let (insns, count) = crate::instruction::load_immediate_insns(rd, n);
    insns[..count].iter().map(|insn| if rvc && rv32::compress(insn).is_some() { 2 } else { 4 }).sum()
}

/// Appends `len` bytes of padding.
pub fn push_fill(out: &mut Vec<u8>, fill: Fill, len: u32) {
    match fill {
        Fill::Nops => push_nops(out, len),
        Fill::Bytes { value, size } => {
            // GNU as puts what does not make a whole pattern first, as zeroes.
            let size = u32::from(size.max(1));
            out.resize(out.len() + (len % size) as usize, 0);
            for _ in 0..len / size {
                out.extend_from_slice(&value.to_le_bytes()[..size as usize]);
            }
        }
    }
}

/// Appends instructions that do nothing; a zero where none fits. GNU as takes the short one in any case.
pub fn push_nops(out: &mut Vec<u8>, mut len: u32) {
    const NOP: [u8; 4] = 0x0000_0013u32.to_le_bytes();
    const SHORT_NOP: [u8; 2] = 0x0001u16.to_le_bytes();
    if len % 2 == 1 {
        out.push(0);
        len -= 1;
    }
    if len % 4 == 2 {
        out.extend_from_slice(&SHORT_NOP);
        len -= 2;
    }
    for _ in 0..len / 4 {
        out.extend_from_slice(&NOP);
    }
}
