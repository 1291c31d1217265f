//! The software TLB: virtual page → frame, for each kind of access, in a context of its own for each address space and
//! privilege. Never stale: whatever an entry was made from is watched, and a change forgets it.

use crate::addr::{GuestVirt, HostFrame};
use crate::cpu::csr::sstatus;
use crate::cpu::{Privilege, Vcpu};
use crate::vm::VmId;
use guest_abi::PAGE_SIZE;

/// Entries for loads and for stores: 1 MiB of reach.
const DATA_ENTRIES: usize = 256;
/// Entries for fetches.
const FETCH_ENTRIES: usize = 64;
/// Address spaces and privileges that are kept side by side.
const CONTEXTS: usize = 8;

/// The bits of an address that name its page.
pub(super) const PAGE: u32 = !(PAGE_SIZE - 1);
/// A tag that no look-up asks for: tags are pages, and look-ups pages or addresses that are not aligned.
const NONE: u32 = 1 << 11;

/// One translation.
#[derive(Clone, Copy, Debug)]
struct Entry {
    tag: u32,
    /// Of loads the frame; of fetches the index of the code page.
    to: u32,
}

/// One translation for stores.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoreEntry {
    tag: u32,
    /// The frame.
    pub frame: HostFrame,
    /// Index of the frame's code page + 1; 0: nothing was decoded from it.
    pub code: u32,
}

/// What decides how a guest's accesses translate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Key {
    vm: VmId,
    satp: u32,
    privilege: Privilege,
    /// SUM and MXR.
    status: u32,
}

impl Key {
    fn new(vm: VmId, hart: &Vcpu) -> Key {
        if hart.csr.satp >> 31 == 0 {
            return Key { vm, satp: 0, privilege: Privilege::User, status: 0 };
        }
        Key { vm, satp: hart.csr.satp, privilege: hart.privilege, status: hart.csr.sstatus & (sstatus::SUM | sstatus::MXR) }
    }
}

/// The translations of one address space as one privilege sees it.
#[derive(Debug)]
pub(super) struct Context {
    key: Key,
    /// [`Tlb::flushes`] when its entries were last all good.
    flushes: u64,
    /// When it was last chosen.
    used: u64,
    load: [Entry; DATA_ENTRIES],
    store: [StoreEntry; DATA_ENTRIES],
    fetch: [Entry; FETCH_ENTRIES],
}

const EMPTY: Entry = Entry { tag: NONE, to: 0 };
const EMPTY_STORE: StoreEntry = StoreEntry { tag: NONE, frame: HostFrame(0), code: 0 };

impl Context {
    fn new(key: Key, flushes: u64) -> Box<Context> {
        Box::new(Context { key, flushes, used: 0, load: [EMPTY; DATA_ENTRIES], store: [EMPTY_STORE; DATA_ENTRIES], fetch: [EMPTY; FETCH_ENTRIES] })
    }

    /// The frame for an aligned load of `bytes` bytes, if known.
    #[inline(always)]
    pub fn load(&self, gva: u32, bytes: u32) -> Option<HostFrame> {
        let entry = &self.load[(gva >> 12) as usize % DATA_ENTRIES];
        (entry.tag == gva & (PAGE | (bytes - 1))).then_some(HostFrame(entry.to))
    }

    /// The frame for an aligned store of `bytes` bytes, if known. `refuse`: 0; with [`REFUSE`] nothing is found.
    #[inline(always)]
    pub fn store(&self, gva: u32, bytes: u32, refuse: u32) -> Option<&StoreEntry> {
        let entry = &self.store[(gva >> 12) as usize % DATA_ENTRIES];
        (entry.tag == gva & (PAGE | (bytes - 1)) | refuse).then_some(entry)
    }

    /// The code page for a fetch, if known.
    #[inline(always)]
    pub fn fetch(&self, gva: u32) -> Option<u32> {
        let entry = &self.fetch[(gva >> 12) as usize % FETCH_ENTRIES];
        (entry.tag == gva & PAGE).then_some(entry.to)
    }

    fn clear(&mut self) {
        self.load.fill(EMPTY);
        self.store.fill(EMPTY_STORE);
        self.fetch.fill(EMPTY);
    }
}

/// Makes [`Context::store`] find nothing.
pub(super) const REFUSE: u32 = 1 << 10;

/// The contexts of all guests. They are made as they are needed.
#[derive(Debug, Default)]
pub(super) struct Tlb {
    contexts: Vec<Box<Context>>,
    current: usize,
    flushes: u64,
    clock: u64,
}

impl Tlb {
    /// Every translation is forgotten.
    #[inline]
    pub fn flush(&mut self) {
        self.flushes += 1;
    }

    /// Makes the hart's context the current one.
    #[inline]
    pub fn choose(&mut self, vm: VmId, hart: &Vcpu) {
        let key = Key::new(vm, hart);
        match self.contexts.get(self.current) {
            Some(context) if context.key == key && context.flushes == self.flushes => {}
            Some(_) | None => self.change(key),
        }
    }

    /// The hart's translations.
    #[inline]
    pub fn current(&self) -> Option<&Context> {
        self.contexts.get(self.current).map(|context| &**context)
    }

    fn change(&mut self, key: Key) {
        self.clock += 1;
        let known = self.contexts.iter().position(|context| context.key == key);
        self.current = known.unwrap_or_else(|| self.place(key));
        let context = &mut self.contexts[self.current];
        context.used = self.clock;
        if context.flushes != self.flushes || known.is_none() {
            context.flushes = self.flushes;
            context.clear();
        }
    }

    /// A context for a new key: one more, or the one that was not used for the longest time.
    fn place(&mut self, key: Key) -> usize {
        if self.contexts.len() < CONTEXTS {
            self.contexts.push(Context::new(key, self.flushes));
            return self.contexts.len() - 1;
        }
        let oldest = (0..CONTEXTS).min_by_key(|&at| self.contexts[at].used).unwrap_or(0);
        self.contexts[oldest].key = key;
        oldest
    }

    /// Remembers a translation for loads in the current context.
    pub fn set_load(&mut self, gva: GuestVirt, frame: HostFrame) {
        if let Some(context) = self.contexts.get_mut(self.current) {
            context.load[(gva.0 >> 12) as usize % DATA_ENTRIES] = Entry { tag: gva.page().0, to: frame.0 };
        }
    }

    /// Remembers a translation for stores in the current context; `code` is the index of the frame's code page.
    pub fn set_store(&mut self, gva: GuestVirt, frame: HostFrame, code: Option<u32>) {
        if let Some(context) = self.contexts.get_mut(self.current) {
            let entry = StoreEntry { tag: gva.page().0, frame, code: code.map_or(0, |index| index + 1) };
            context.store[(gva.0 >> 12) as usize % DATA_ENTRIES] = entry;
        }
    }

    /// Remembers a translation for fetches in the current context.
    pub fn set_fetch(&mut self, gva: GuestVirt, page: u32) {
        if let Some(context) = self.contexts.get_mut(self.current) {
            context.fetch[(gva.0 >> 12) as usize % FETCH_ENTRIES] = Entry { tag: gva.page().0, to: page };
        }
    }
}
