//! The software TLB: virtual page → page of the pool, for each kind of access, in a context of its own for each address
//! space and privilege. Never stale: whatever an entry was made from is watched, and a change forgets it.
#![allow(unsafe_code, reason = "an entry is the address of a page of the pool: a guest's load is then one of the host's")]

use crate::addr::GuestVirt;
use crate::cpu::csr::sstatus;
use crate::cpu::{Privilege, Vcpu};
use crate::memory::PageAddress;
use crate::memory::host::Frames;
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

/// One translation for loads or stores.
#[derive(Clone, Copy, Debug)]
struct Entry {
    tag: u32,
    /// For stores: index of the frame's code page + 1; 0: nothing was decoded from it.
    code: u32,
    page: PageAddress,
}

/// One translation for fetches.
#[derive(Clone, Copy, Debug)]
struct FetchEntry {
    tag: u32,
    /// The index of the code page.
    to: u32,
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
    store: [Entry; DATA_ENTRIES],
    fetch: [FetchEntry; FETCH_ENTRIES],
}

const EMPTY: Entry = Entry { tag: NONE, code: 0, page: PageAddress::NOWHERE };
const EMPTY_FETCH: FetchEntry = FetchEntry { tag: NONE, to: 0 };

impl Context {
    fn new(key: Key, flushes: u64) -> Box<Context> {
        Box::new(Context { key, flushes, used: 0, load: [EMPTY; DATA_ENTRIES], store: [EMPTY; DATA_ENTRIES], fetch: [EMPTY_FETCH; FETCH_ENTRIES] })
    }

    /// Loads `N` aligned bytes, if their page is known.
    #[inline(always)]
    pub fn load<const N: usize>(&self, gva: u32, _: &Frames<'_>) -> Option<[u8; N]> {
        let entry = &self.load[(gva >> 12) as usize % DATA_ENTRIES];
        // SAFETY: the page was in memory when `Tlb::choose` gave this context out (it forgets what was learned before a frame
        // lost its bytes), and the pool is held since.
        (entry.tag == gva & (PAGE | (N as u32 - 1))).then(|| unsafe { entry.page.read(gva) })
    }

    /// Stores `N` aligned bytes, if their page is known; gives the index of the frame's code page + 1, or 0: nothing was
    /// decoded from it. `refuse`: 0; with [`REFUSE`] nothing is known.
    #[inline(always)]
    pub fn store<const N: usize>(&self, gva: u32, refuse: u32, bytes: [u8; N], _: &mut Frames<'_>) -> Option<u32> {
        let entry = &self.store[(gva >> 12) as usize % DATA_ENTRIES];
        if entry.tag != gva & (PAGE | (N as u32 - 1)) | refuse {
            return None;
        }
        // SAFETY: as in `load`.
        unsafe { entry.page.write(gva, bytes) };
        Some(entry.code)
    }

    /// The code page for a fetch, if known.
    #[inline(always)]
    pub fn fetch(&self, gva: u32) -> Option<u32> {
        let entry = &self.fetch[(gva >> 12) as usize % FETCH_ENTRIES];
        (entry.tag == gva & PAGE).then_some(entry.to)
    }

    fn clear(&mut self) {
        self.load.fill(EMPTY);
        self.store.fill(EMPTY);
        self.fetch.fill(EMPTY_FETCH);
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
    pub fn set_load(&mut self, gva: GuestVirt, page: PageAddress) {
        if let Some(context) = self.contexts.get_mut(self.current) {
            context.load[(gva.0 >> 12) as usize % DATA_ENTRIES] = Entry { tag: gva.page().0, code: 0, page };
        }
    }

    /// Remembers a translation for stores in the current context; `code` is the index of the frame's code page.
    pub fn set_store(&mut self, gva: GuestVirt, page: PageAddress, code: Option<u32>) {
        if let Some(context) = self.contexts.get_mut(self.current) {
            let entry = Entry { tag: gva.page().0, code: code.map_or(0, |index| index + 1), page };
            context.store[(gva.0 >> 12) as usize % DATA_ENTRIES] = entry;
        }
    }

    /// Remembers a translation for fetches in the current context.
    pub fn set_fetch(&mut self, gva: GuestVirt, page: u32) {
        if let Some(context) = self.contexts.get_mut(self.current) {
            context.fetch[(gva.0 >> 12) as usize % FETCH_ENTRIES] = FetchEntry { tag: gva.page().0, to: page };
        }
    }
}
