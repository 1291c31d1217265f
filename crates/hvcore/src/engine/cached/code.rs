//! Predecoded code, by physical page: which frame's instructions are known, and as what.

use super::cursor::Cursor;
use super::fast;
use super::slot::{HALVES, Kind, Slot, both, goto, predecode};
use crate::addr::HostFrame;
use crate::memory::host::{HostMemory, Page, Watch};
use guest_abi::PAGE_SIZE;
use rv32::Isa;
use std::fmt;

/// At most this many pages of code are kept: 16 to 160 KiB of host memory each, by how much of them is executed.
const MOST_PAGES: usize = 1024;
/// Instructions of a run at most, so that a slice's end is never far away when it has to be met exactly.
const RUN: usize = 32;
/// How far before a changed byte an instruction may begin that was made from it.
const REACH: u32 = 3;

/// The instructions of one frame, predecoded as far as they were executed, in runs: one enters a run anywhere and leaves it by
/// jumps and branches, or at its last slot.
pub(super) struct CodePage {
    frame: HostFrame,
    isa: Isa,
    /// By halfword: the index + 1 of the slot of the instruction that begins there; 0: not predecoded.
    entries: [u16; HALVES],
    slots: Vec<Slot>,
    /// About each slot what executing it does not need.
    notes: Vec<Note>,
    /// The jumps whose target in the page is not predecoded.
    unlinked: Vec<u16>,
}

/// About a slot.
#[derive(Clone, Copy)]
struct Note {
    kind: Kind,
    /// Where the instruction begins and ends, in halfwords.
    begin: u16,
    end: u16,
}

/// As long as a page has so few slots, a run goes on over instructions that are known, in slots of its own.
const FEW_SLOTS: usize = HALVES;
/// What a page's slots can become then: no more than one and a [`Kind::Goto`] for each further instruction.
const MOST_SLOTS: usize = FEW_SLOTS + RUN + 1 + 2 * HALVES;

impl CodePage {
    fn new(frame: HostFrame, isa: Isa) -> Box<CodePage> {
        // Room for all that there can be, so that nothing is allocated while guests run; it costs what is used of it.
        let (slots, notes, unlinked) = (Vec::with_capacity(MOST_SLOTS), Vec::with_capacity(MOST_SLOTS), Vec::with_capacity(MOST_SLOTS));
        Box::new(CodePage { frame, isa, entries: [0; HALVES], slots, notes, unlinked })
    }

    /// The slot of the instruction that begins at a halfword, if it was predecoded.
    #[inline(always)]
    pub fn enter(&self, at: usize) -> Option<Cursor<'_>> {
        Cursor::new(&self.slots, usize::from(self.entries[at % HALVES].wrapping_sub(1)))
    }

    /// Where the instruction of a slot begins and ends, in halfwords.
    pub fn place(&self, cursor: Cursor<'_>) -> (u32, u32) {
        self.notes.get(cursor.index(&self.slots)).map_or((0, 0), |note| (note.begin.into(), note.end.into()))
    }

    /// Whether some slot was made of bytes of the page.
    pub fn is_made_of(&self, offset: u32, bytes: u32) -> bool {
        let first = offset.saturating_sub(REACH) / 2;
        let last = (offset + bytes - 1) / 2;
        self.entries[first as usize..=last as usize].iter().any(|&entry| entry != 0)
    }

    /// All that was made of the page is forgotten.
    pub fn forget(&mut self) {
        self.entries.fill(0);
        self.slots.clear();
        self.notes.clear();
        self.unlinked.clear();
    }

    /// Predecodes the run that begins at a halfword, from the bytes of the page.
    fn decode(&mut self, page: &Page, at: usize) {
        let mut run = [goto(at); RUN + 1];
        let (mut at, mut count) = (at, 0);
        let few = self.slots.len() < FEW_SLOTS;
        loop {
            let stop = at >= HALVES || count == RUN || !few && self.entries[at] != 0;
            let one = if stop { goto(at) } else { predecode(self.isa, word(page, 2 * at), at) };
            let index = self.slots.len() + count;
            if one.kind != Kind::Goto && self.entries[at] == 0 {
                self.entries[at] = index as u16 + 1;
            }
            let next = at + one.halves;
            self.notes.push(Note { kind: one.kind, begin: at as u16, end: next as u16 });
            if one.kind.near().is_some() && one.operands.imm() < PAGE_SIZE {
                self.unlinked.push(index as u16);
            }
            run[count] = one;
            count += 1;
            if one.kind.ends() {
                break;
            }
            at = next;
        }
        let run = &mut run[..count];
        let retire = run.iter().filter(|one| one.kind.retires()).count();
        let first = self.slots.len();
        for i in 0..count {
            if let Some(two) = run.get(i + 1).and_then(|next| both(&run[i], next)) {
                run[i] = two;
                self.notes[first + i].kind = two.kind;
            }
            let operands = run[i].operands.with_run((retire - i.min(retire)) as u16);
            self.slots.push(Slot { handler: fast::handler(run[i].kind, None), operands });
        }
        self.link();
        for index in first..self.slots.len() {
            self.choose_handler(index);
        }
    }

    /// Jumps to what is predecoded by now become near.
    fn link(&mut self) {
        for at in (0..self.unlinked.len()).rev() {
            let index = usize::from(self.unlinked[at]);
            let operands = self.slots[index].operands;
            let target = usize::from(self.entries[operands.imm() as usize / 2 % HALVES]);
            let (Some(near), true) = (self.notes[index].kind.near(), target != 0) else { continue };
            self.unlinked.swap_remove(at);
            self.slots[index].operands = operands.with_imm((target as u32).wrapping_sub(index as u32 + 1));
            self.notes[index].kind = near;
            self.choose_handler(index);
            if index > 0 {
                self.choose_handler(index - 1);
            }
        }
    }

    /// The function of a slot, by its kind and the next one's.
    fn choose_handler(&mut self, index: usize) {
        let kind = self.notes[index].kind;
        let next = self.notes.get(index + 1).filter(|_| !kind.ends()).map(|note| note.kind);
        self.slots[index].handler = fast::handler(kind, next);
    }
}

impl fmt::Debug for CodePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code of {:?}: {} slots", self.frame, self.slots.len())
    }
}

/// The word at an even offset; at the last halfword its upper half is 0.
fn word(page: &Page, at: usize) -> u32 {
    let half = |at: usize| page.get(at..at + 2).map_or(0, |bytes| u32::from(bytes[1]) << 8 | u32::from(bytes[0]));
    half(at + 2) << 16 | half(at)
}

/// Translations that a page of code makes stale.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stale {
    /// It was known.
    Nothing,
    /// For stores to its frame: it is new.
    Stores,
    /// It took the place of another.
    All,
}

/// Every page of code that is known.
#[derive(Debug, Default)]
pub(super) struct CodeCache {
    pages: Vec<Box<CodePage>>,
    /// Frame number → index in `pages` + 1; 0: none.
    by_frame: Vec<u32>,
    /// Indices in `pages` that belong to no frame.
    free: Vec<u32>,
    /// The page that makes room next.
    victim: usize,
}

impl CodeCache {
    /// The pages, by index.
    #[inline]
    pub fn pages(&self) -> &[Box<CodePage>] {
        &self.pages
    }

    /// The page of a frame's code, if something is known of it.
    #[inline]
    pub fn find(&self, frame: HostFrame) -> Option<u32> {
        self.by_frame.get(frame.0 as usize).and_then(|index| index.checked_sub(1))
    }

    /// The page for code in `frame`; and what that made stale.
    pub fn find_or_make(&mut self, host: &mut HostMemory, frame: HostFrame, isa: Isa) -> (u32, Stale) {
        if let Some(index) = self.find(frame) {
            let page = &mut self.pages[index as usize];
            if page.isa == isa {
                return (index, Stale::Nothing);
            }
            page.isa = isa; // a guest with other extensions runs the same frame
            page.forget();
            return (index, Stale::All);
        }
        let mut stale = Stale::Stores;
        if self.free.is_empty() && self.pages.len() == MOST_PAGES {
            self.victim = (self.victim + 1) % MOST_PAGES;
            let frame = self.pages[self.victim].frame;
            let watch = host.watched(frame);
            host.watch(frame, Watch { code: false, ..watch });
            self.drop_page(frame);
            stale = Stale::All;
        }
        let index = match self.free.pop() {
            Some(index) => {
                let page = &mut self.pages[index as usize];
                (page.frame, page.isa) = (frame, isa);
                index
            }
            None => {
                self.pages.push(CodePage::new(frame, isa));
                self.pages.len() as u32 - 1
            }
        };
        if self.by_frame.len() <= frame.0 as usize {
            self.by_frame.resize(frame.0 as usize + 1, 0);
        }
        self.by_frame[frame.0 as usize] = index + 1;
        let watch = host.watched(frame);
        host.watch(frame, Watch { code: true, ..watch });
        (index, stale)
    }

    /// Predecodes the instruction at a halfword of a page, and what follows it.
    pub fn decode(&mut self, host: &HostMemory, index: u32, at: usize) {
        if let Some(page) = self.pages.get_mut(index as usize) {
            page.decode(host.page(page.frame), at);
        }
    }

    /// What stands at a halfword of a page, if it is not beyond its end.
    pub fn word(&self, host: &HostMemory, index: u32, at: usize) -> Option<u32> {
        let word = word(host.page(self.pages.get(index as usize)?.frame), 2 * at);
        (at < HALVES - 1 || word & 3 != 3).then_some(word)
    }

    /// What was made of a page is forgotten.
    pub fn forget(&mut self, index: u32) {
        if let Some(page) = self.pages.get_mut(index as usize) {
            page.forget();
        }
    }

    /// Bytes of a frame changed; tells whether an index became stale.
    pub fn changed(&mut self, frame: HostFrame, offset: u32, bytes: u32) -> bool {
        let Some(index) = self.find(frame) else { return false };
        if bytes >= PAGE_SIZE {
            self.drop_page(frame); // the frame is watched no longer
            return true;
        }
        if self.pages[index as usize].is_made_of(offset, bytes) {
            self.forget(index);
        }
        false
    }

    fn drop_page(&mut self, frame: HostFrame) {
        if let Some(index) = self.find(frame) {
            self.pages[index as usize].forget();
            self.by_frame[frame.0 as usize] = 0;
            self.free.push(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::Random;

    /// What the fast loop relies on without looking: runs end, near jumps lead where the instruction says, and no vector grows.
    fn check(code: &CodePage, page: &Page) {
        assert!(code.slots.len() <= MOST_SLOTS && code.slots.capacity() == MOST_SLOTS && code.notes.capacity() == MOST_SLOTS);
        assert!(code.unlinked.capacity() == MOST_SLOTS && code.notes.len() == code.slots.len());
        assert!(code.notes.last().is_none_or(|note| note.kind.ends()));
        for (index, (slot, note)) in code.slots.iter().zip(&code.notes).enumerate() {
            let operands = slot.operands;
            if note.kind == Kind::Goto {
                assert_eq!((operands.imm(), operands.run()), (2 * u32::from(note.begin), 0));
                continue;
            }
            let (begin, end) = (usize::from(note.begin), usize::from(note.end));
            assert!(end <= HALVES && code.entries[begin] != 0);
            let alone = predecode(code.isa, word(page, 2 * begin), begin);
            if alone.kind.near() == Some(note.kind) {
                let target = (index as i64 + i64::from(operands.imm() as i32)) as usize;
                assert_eq!(2 * u32::from(code.notes[target].begin), alone.operands.imm());
            }
            if note.kind.ends() {
                assert_eq!(operands.run(), i32::from(note.kind.retires()));
            } else {
                let (next, after) = (&code.notes[index + 1], code.slots[index + 1].operands);
                assert_eq!((end, operands.run()), (usize::from(next.begin), after.run() + 1));
            }
            if matches!(note.kind, Kind::Wide | Kind::Address) {
                assert_eq!(code.notes[index + 1].kind, Kind::Addi);
            }
        }
        for (at, &entry) in code.entries.iter().enumerate().filter(|(_, entry)| **entry != 0) {
            assert_eq!(usize::from(code.notes[usize::from(entry) - 1].begin), at);
        }
    }

    /// Pages of short instructions, of random bits, of jumps, of constants in two parts; entered in every order.
    #[test]
    fn runs_end_and_jumps_lead_where_they_should_whatever_is_on_a_page() {
        let mut random = Random::new(5);
        for kind in 0..4 {
            for order in 0..3 {
                let mut page = [0; PAGE_SIZE as usize];
                for half in page.chunks_exact_mut(2) {
                    let bits = match kind {
                        0 => 1,                                                      // c.nop
                        1 => random.word() as u16,                                   // anything
                        2 => 0xa001 | (random.word() as u16 & 0x5ffc),               // c.j, c.beqz, c.bnez and others
                        _ => random.pick(&[0x02b7, 0x8293, 0x0297, 0x0001, 0x8282]), // lui, addi, auipc, c.nop, c.jr
                    };
                    half.copy_from_slice(&bits.to_le_bytes());
                }
                let mut code = CodePage::new(HostFrame(0), Isa::PLATFORM);
                for i in 0..HALVES {
                    let at = match order {
                        0 => i,
                        1 => HALVES - 1 - i,
                        _ => random.below(HALVES as u32) as usize,
                    };
                    if code.entries[at] == 0 {
                        code.decode(&page, at);
                    }
                    assert!(code.enter(at).is_some());
                    if i % 64 == 0 {
                        check(&code, &page);
                    }
                }
                check(&code, &page);
                assert!(code.is_made_of(0, 1) && code.is_made_of(PAGE_SIZE - 1, 1) || order == 2);
                code.forget();
                assert!(!code.is_made_of(0, PAGE_SIZE) && code.enter(0).is_none());
                check(&code, &page);
            }
        }
    }
}
