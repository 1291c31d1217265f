//! Sizes and addresses: fragments grow until nothing changes, then every label has its offset.

#![allow(clippy::wildcard_enum_match_arm, reason = "what is not named is left to the slower way, which names all")]

use crate::assembler::Assembler;
use crate::evaluate::{Failure, Resolved};
use crate::expr::Value;
use crate::limits;
use crate::place::Where;
use crate::symbols::Definition;
use crate::section::{Branch, ChainId, Fill, Run, SectionId, Variable};
use diag::{Diagnostic, codes};
use std::ops::Range;

/// The reach of a conditional branch, 13 signed bits.
const BRANCH_REACH: i64 = 4096;
/// The reach of a compressed branch, 9 signed bits.
const SHORT_BRANCH_REACH: i64 = 256;
/// The reach of a compressed jump, 12 signed bits.
const SHORT_JUMP_REACH: i64 = 2048;

/// Rounds over a section in which sizes may shrink again.
const SHRINKING_ROUNDS: usize = 64;

/// A section's variable parts, chain by chain, as the walks need them.
struct Plan {
    chains: Vec<ChainPlan>,
    /// No size depends on anything outside the section, nor on anything but addresses.
    self_contained: bool,
}

struct ChainPlan {
    parts: Vec<Part>,
    /// Branches whose target lies in a fragment that GNU as would begin within a run: number of the part, and how far
    /// into the run. Before its first walk reaches them GNU as takes such fragments to begin at 0, not their run.
    early: Vec<(u32, u32)>,
    regions: Vec<Region>,
}

/// Consecutive runs and the parts behind them (a function or several) that no branch leaves or enters. A walk costs
/// nothing where a region is at rest; GNU as's way needs many walks, and most change something in few functions.
struct Region {
    runs: Range<usize>,
    /// At rest: with these stretches a walk would move the region as a whole and change nothing in it.
    rest: Range<i64>,
    /// How far it was moved since the addresses of its runs were written.
    moved: i64,
}

/// Fewer runs make no region of their own.
const REGION_RUNS: usize = 32;

/// No stretch.
const NEVER: Range<i64> = 0..0;

/// What decides the size of a variable part, small: it is looked at in every walk.
#[derive(Clone, Copy)]
enum Part {
    /// A branch to a place of the same chain, so many bytes after the begin of a run.
    Branch { run: u32, offset: i32, kind: BranchKind },
    /// An alignment.
    Align { power: u32, max: u32 },
    /// A size that nothing changes.
    Fixed(u32),
    /// Anything else: [`Assembler::variable_size`] tells.
    Other,
}

/// What decides the lengths of a branch.
#[derive(Clone, Copy)]
struct BranchKind {
    jump: bool,
    compressible: bool,
}

impl BranchKind {
    /// The length over a distance.
    fn size(self, distance: i64) -> u32 {
        let short = if self.jump { SHORT_JUMP_REACH } else { SHORT_BRANCH_REACH };
        if self.compressible && (-short..short).contains(&distance) {
            2
        } else if self.jump || (-BRANCH_REACH..BRANCH_REACH).contains(&distance) {
            4
        } else if self.compressible {
            6
        } else {
            8
        }
    }

    /// The shortest form.
    fn shortest(self) -> u32 {
        if self.compressible { 2 } else { 4 }
    }

    /// Distances around one that surely have the same length.
    fn same_length(distance: i64) -> Range<i64> {
        let edges = [i64::MIN >> 1, -BRANCH_REACH, -SHORT_JUMP_REACH, -SHORT_BRANCH_REACH, SHORT_BRANCH_REACH, SHORT_JUMP_REACH, BRANCH_REACH, i64::MAX >> 1];
        let above = edges.partition_point(|edge| *edge <= distance).clamp(1, edges.len() - 1);
        edges[above - 1]..edges[above]
    }

    /// The length where the target is not known. It counts on no short form.
    fn far(self) -> u32 {
        if self.jump { 4 } else { 8 }
    }
}

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
    /// branch at the edge of its reach gets depends on the way: a first guess of addresses and sizes, part by
    /// part, in which labels further on still have the addresses of the time before; then corrections until
    /// nothing changes. That is repeated until no address changes from one time to the next.
    ///
    /// False after an error: sizes are not to be relied on.
    pub fn layout(&mut self) -> bool {
        let mut plans: Vec<Option<Plan>> = Vec::new();
        plans.resize_with(self.sections.all.len(), || None);
        let mut before = vec![None; plans.len()];
        for _ in 0..limits::LAYOUT_PASSES {
            let mut changed = false;
            for (i, (plan, before)) in plans.iter_mut().zip(&mut before).enumerate() {
                let section = SectionId(i as u32);
                let extent = Some(self.sections.extent(section));
                if self.sections[section].settled == extent {
                    continue;
                }
                let plan = plan.get_or_insert_with(|| self.plan(section, REGION_RUNS));
                if !self.relax_section(section, plan) {
                    return false;
                }
                let addresses = Some(self.addresses_digest(section));
                if *before != addresses {
                    *before = addresses;
                    changed = true;
                } else if plan.self_contained {
                    // What led from these addresses to the same ones will do so for ever.
                    self.sections[section].settled = extent;
                }
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

    /// What the walks over a section need of its variable parts, in regions of so many runs at least.
    fn plan(&self, section: SectionId, least: usize) -> Plan {
        let plan_of = |&chain: &ChainId| {
            let parts: Vec<Part> = self.sections[chain].variables.iter().map(|v| self.part(chain, v)).collect();
            ChainPlan { regions: regions(&parts, least), early: self.early_targets(chain), parts }
        };
        let chains: Vec<ChainPlan> = self.sections[section].chains.iter().map(plan_of).collect();
        let self_contained = chains.iter().flat_map(|c| &c.parts).all(|part| !matches!(part, Part::Other));
        Plan { chains, self_contained }
    }

    fn early_targets(&self, chain: ChainId) -> Vec<(u32, u32)> {
        let offset = |(i, variable): (usize, &Variable)| {
            let Variable::Branch(Branch { target, .. }) = variable else { return None };
            if !target.add.is_some() {
                return None;
            }
            match self.symbols[target.add].definition {
                Definition::Label(at) if at.chain == chain && at.run as usize > i => Some((i as u32, self.sections[chain].fragment_offset(at))),
                _ => None,
            }
        };
        self.sections[chain].variables.iter().enumerate().filter_map(offset).filter(|early| early.1 != 0).collect()
    }

    fn part(&self, chain: ChainId, variable: &Variable) -> Part {
        match *variable {
            Variable::Branch(Branch { insn, target, compressible, .. }) => {
                let kind = BranchKind { jump: insn.op == rv32::Op::Jal, compressible };
                if target.sub.is_some() || !target.add.is_some() {
                    return Part::Fixed(kind.far());
                }
                let symbol = &self.symbols[target.add];
                match symbol.definition {
                    // It may be another one at link time.
                    _ if symbol.binding == crate::symbols::Binding::Weak => Part::Fixed(kind.far()),
                    Definition::Undefined | Definition::Common { .. } => Part::Fixed(kind.far()),
                    Definition::Label(at) if at.chain == chain => {
                        let offset = i64::from(at.pos - self.sections[chain].runs[at.run as usize].start).checked_add(target.num);
                        match offset.map(i32::try_from) {
                            Some(Ok(offset)) => Part::Branch { run: at.run, offset, kind },
                            _ => Part::Other,
                        }
                    }
                    Definition::Label(at) if self.sections.section_of(at) != self.sections[chain].section => Part::Fixed(kind.far()),
                    _ => Part::Other,
                }
            }
            Variable::Align { power, max, .. } => Part::Align { power, max },
            Variable::Repeat { count, size, .. } => match count.constant() {
                Some(n) => Part::Fixed(repeat_len(n, size) as u32),
                None => Part::Other,
            },
            _ => Part::Other,
        }
    }

    /// Guesses, then corrects until nothing changes; false after an error.
    fn relax_section(&mut self, section: SectionId, plan: &mut Plan) -> bool {
        for round in 0..limits::LAYOUT_ROUNDS {
            match self.walk_section(section, plan, round) {
                Some(true) => {}
                Some(false) => return self.finish_walks(section, plan),
                None => return false,
            }
        }
        self.unsettled();
        false
    }

    /// One walk over a section; whether a size changed, or `None` after an error. In the first walk (round 0) every
    /// run is put behind the one before it; in later ones it moves by what those before it grew in this walk, so
    /// that labels further on are where they were until the walk comes to them.
    fn walk_section(&mut self, section: SectionId, plan: &mut Plan, round: usize) -> Option<bool> {
        let mut changed = round == 0;
        let mut address: u64 = 0;
        let mut stretch: i64 = 0;
        for (c, ChainPlan { parts, early, regions }) in plan.chains.iter_mut().enumerate() {
            let chain = self.sections[section].chains[c];
            let bytes = self.sections[chain].pos();
            for region in regions {
                if round > 0 && region.rest.contains(&stretch) {
                    region.moved += stretch;
                    continue;
                }
                region.write_addresses(&mut self.sections[chain].runs);
                let mut resized = false;
                for r in region.runs.clone() {
                    let runs = &mut self.sections[chain].runs;
                    let run = runs[r];
                    if round > 0 {
                        address = (i64::from(run.address) + stretch) as u64;
                    }
                    runs[r].address = address as u32;
                    address += u64::from(runs.get(r + 1).map_or(bytes, |next| next.start) - run.start);
                    if let Some(&part) = parts.get(r) {
                        let grown = |size: u64| if round < SHRINKING_ROUNDS { size } else { size.max(u64::from(run.size)) };
                        let size = match part {
                            Part::Branch { run: target, offset, kind } => {
                                let ahead = target as usize > r;
                                let begin = runs[target as usize].address;
                                let mut target = i64::from(begin) + i64::from(offset);
                                if self.llvm && ahead {
                                    target += stretch; // it looks at addresses as they are now
                                } else if round == 0 && ahead && begin == 0 {
                                    target -= early.binary_search_by_key(&(r as u32), |early| early.0).map_or(0, |i| i64::from(early[i].1));
                                }
                                let needed = kind.size(target - address as i64);
                                match (self.llvm, round) {
                                    (false, _) => grown(u64::from(needed)),
                                    // llvm-mc begins with the shortest form of every branch and lets them grow.
                                    (true, 0) => u64::from(kind.shortest()),
                                    (true, _) => u64::from(needed.max(run.size)),
                                }
                            }
                            Part::Align { power, max } => align_len(address, power, max),
                            Part::Fixed(size) => u64::from(size),
                            Part::Other => self.variable_size(chain, r, address, grown),
                        };
                        if size != u64::from(run.size) {
                            resized = true;
                            stretch += size as i64 - i64::from(run.size);
                            self.sections[chain].runs[r].size = size.min(limits::SECTION_BYTES) as u32;
                        }
                        address += size;
                    }
                    if address > limits::SECTION_BYTES {
                        self.too_large(section, chain, r);
                        return None;
                    }
                }
                changed |= resized;
                let may_rest = plan.self_contained && round > 0 && !resized;
                region.rest = if may_rest { region.stretches_of_rest(&self.sections[chain].runs, parts, stretch) } else { NEVER };
            }
        }
        Some(changed)
    }

    /// Writes what the walks left to be written: addresses of regions at rest, and the section's size.
    fn finish_walks(&mut self, section: SectionId, plan: &mut Plan) -> bool {
        let mut end = 0;
        for (c, chain_plan) in plan.chains.iter_mut().enumerate() {
            let chain = self.sections[section].chains[c];
            for region in &mut chain_plan.regions {
                region.write_addresses(&mut self.sections[chain].runs);
            }
            let at = self.sections[chain].end(chain);
            end = self.sections.address(at);
            if u64::from(end) > limits::SECTION_BYTES {
                self.too_large(section, chain, at.run as usize);
                return false;
            }
        }
        self.sections[section].size = end;
        true
    }

    fn too_large(&mut self, section: SectionId, chain: ChainId, run: usize) {
        let name = self.names.show(self.sections[section].name);
        let place = self.sections[chain].variables.get(run).and_then(variable_place);
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
        let runs = self.sections[section].chains.iter().flat_map(|&chain| &self.sections[chain].runs);
        let mix = |digest: u64, value: u32| (digest ^ u64::from(value)).wrapping_mul(0x0000_0100_0000_01b3);
        runs.fold(0xcbf2_9ce4_8422_2325, |digest, run| mix(mix(digest, run.address), run.size))
    }

    /// The size of the variable part behind a run, which begins at `address`. From some round on sizes that depend on
    /// others only grow, so that the rounds end: `grown` sees to that.
    fn variable_size(&self, chain: ChainId, run: usize, address: u64, grown: impl Fn(u64) -> u64) -> u64 {
        let section = self.sections[chain].section;
        match self.sections[chain].variables[run] {
            Variable::Branch(Branch { insn, target, compressible, .. }) => {
                let kind = BranchKind { jump: insn.op == rv32::Op::Jal, compressible };
                let size = match self.place_of(target) {
                    Some((s, target)) if s == section => kind.size(target - address as i64),
                    _ => kind.far(),
                };
                grown(u64::from(size))
            }
            Variable::Align { power, max, .. } => align_len(address, power, max),
            Variable::Repeat { count, size, .. } => self.late_constant(count).map_or(0, |n| repeat_len(n, size)),
            Variable::Org { target, .. } => match self.org_target(section, target) {
                Some(to) if to >= address => to - address,
                _ => 0,
            },
            Variable::Leb { value, signed, .. } => grown(match self.late_constant(value) {
                Some(n) if signed => sleb_len(n),
                Some(n) => uleb_len(n as u64),
                None => 1,
            }),
            Variable::LoadImmediate { rd, value, rvc, .. } => {
                let bytes = match self.late_constant(value) {
                    Some(n) => load_immediate_len(rd, n as i32, rvc),
                    None => 4,
                };
                bytes.max(u64::from(self.sections[chain].runs[run].size))
            }
            Variable::CfaAdvance { from, to } => {
                let delta = self.sections.address(to).wrapping_sub(self.sections.address(from));
                grown(u64::from(crate::cfi::advance_len(delta)))
            }
        }
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

/// Cuts a chain where no branch crosses, into regions of so many runs at least.
fn regions(parts: &[Part], least: usize) -> Vec<Region> {
    // The last run that a branch ties to each run, counted from the lower of its ends.
    let mut tied: Vec<usize> = (0..=parts.len()).collect();
    for (r, part) in parts.iter().enumerate() {
        if let Part::Branch { run, .. } = *part {
            let (low, high) = (r.min(run as usize), r.max(run as usize));
            tied[low] = tied[low].max(high);
        }
    }
    let mut out = Vec::new();
    let (mut start, mut last) = (0, 0);
    for (r, &tied) in tied.iter().enumerate() {
        last = last.max(tied);
        if last == r && (r + 1 - start >= least || r == parts.len()) {
            out.push(Region { runs: start..r + 1, rest: NEVER, moved: 0 });
            start = r + 1;
        }
    }
    out
}

impl Region {
    /// Gives its runs the addresses to which it was moved.
    fn write_addresses(&mut self, runs: &mut [Run]) {
        let moved = std::mem::take(&mut self.moved);
        if moved != 0 {
            for run in &mut runs[self.runs.clone()] {
                run.address = (i64::from(run.address) + moved) as u32;
            }
        }
    }

    /// The stretches with which a walk would change nothing here, after one with this `stretch` changed nothing.
    /// A walk sees a label further on `stretch` bytes too near.
    fn stretches_of_rest(&self, runs: &[Run], parts: &[Part], stretch: i64) -> Range<i64> {
        let mut rest = i64::MIN..i64::MAX;
        for r in self.runs.clone() {
            match parts.get(r) {
                Some(&Part::Branch { run: target, offset, .. }) if target as usize > r => {
                    let end = runs[r].address + (runs[r + 1].start - runs[r].start);
                    let distance = i64::from(runs[target as usize].address) + i64::from(offset) - i64::from(end);
                    let same = BranchKind::same_length(distance - stretch);
                    rest = rest.start.max(distance - same.end + 1)..rest.end.min(distance - same.start + 1);
                }
                Some(Part::Branch { .. } | Part::Fixed(_)) | None => {}
                Some(Part::Align { .. } | Part::Other) => return NEVER,
            }
        }
        rest
    }
}

fn variable_place(variable: &Variable) -> Option<Where> {
    Some(match variable {
        Variable::Branch(Branch { place, .. })
        | Variable::Repeat { place, .. }
        | Variable::Org { place, .. }
        | Variable::Leb { place, .. }
        | Variable::LoadImmediate { place, .. } => *place,
        Variable::Align { .. } | Variable::CfaAdvance { .. } => return None,
    })
}

/// Bytes up to an alignment; none if that needs more than `max`, unless that is 0.
fn align_len(address: u64, power: u32, max: u32) -> u64 {
    let mask = (1u64 << power) - 1;
    let need = ((address + mask) & !mask) - address;
    if max != 0 && need > u64::from(max) { 0 } else { need }
}

/// Bytes of a repetition; more than a section holds is one too many.
fn repeat_len(count: i64, size: u8) -> u64 {
    u64::try_from(count).unwrap_or(0).saturating_mul(u64::from(size)).min(limits::SECTION_BYTES + 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The runs of `.text` after two layouts in regions of so many runs at least.
    fn runs(text: &str, least: usize) -> Vec<Run> {
        let mut sources = diag::Sources::new();
        let main = sources.add("t.s", text.as_bytes().to_vec());
        let (options, mut files) = (crate::Options::default(), host::MemoryHost::new());
        let mut a = Assembler::new(&mut sources, main, &options, &mut files);
        a.read_file(main);
        for _ in 0..2 {
            let mut plan = a.plan(SectionId(0), least);
            assert!(plan.self_contained && a.relax_section(SectionId(0), &mut plan));
        }
        a.sections.chains[0].runs.clone()
    }

    #[test]
    fn regions_at_rest_change_no_layout() {
        // Branches over distances about the edges of their reach, crossing each other, so that one's growth makes
        // others grow; functions of several shapes after each other.
        let mut random = 7u32;
        let mut below = |n: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) % n
        };
        let mut text = String::new();
        for f in 0..150 {
            let gap = [60, 250, 510, 1020][below(4) as usize];
            for b in 0..8 {
                let (target, op) = (below(9), ["beqz a0,", "bne a1, a2,", "j", "bgeu s0, a0,"][below(4) as usize]);
                text.push_str(&format!(".L{f}_{b}: {op} .L{f}_{target}\n.zero {}\n", (gap + below(12)) & !1));
            }
            text.push_str(&format!(".L{f}_8: ret\n"));
        }
        let whole = runs(&text, usize::MAX);
        assert_eq!(runs(&text, 1), whole);
        assert_eq!(runs(&text, REGION_RUNS), whole);
        for size in [2, 4, 6, 8] {
            assert!(whole.iter().any(|run| run.size == size), "no branch of {size} bytes");
        }
    }
}
