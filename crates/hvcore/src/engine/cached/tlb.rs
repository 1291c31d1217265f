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
const FETCH_ENTRIES: usize = 256;
/// Address spaces and privileges that are kept side by side.
const CONTEXTS: usize = 16;

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
    const NOBODY: Key = Key { vm: VmId(usize::MAX), satp: 0, privilege: Privilege::User, status: 0 };

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
    load: [Entry; DATA_ENTRIES],
    store: [Entry; DATA_ENTRIES],
    fetch: [FetchEntry; FETCH_ENTRIES],
}

const EMPTY: Entry = Entry { tag: NONE, code: 0, page: PageAddress::NOWHERE };
const EMPTY_FETCH: FetchEntry = FetchEntry { tag: NONE, to: 0 };

impl Context {
    const EMPTY: Context = Context { load: [EMPTY; DATA_ENTRIES], store: [EMPTY; DATA_ENTRIES], fetch: [EMPTY_FETCH; FETCH_ENTRIES] };

    /// Loads `N` aligned bytes, if their page is known.
    #[inline(always)]
    pub fn load<const N: usize>(&self, gva: u32, _: &Frames<'_>) -> Option<[u8; N]> {
        let entry = &self.load[(gva >> 12) as usize % DATA_ENTRIES];
        // SAFETY: the page was in memory when `Tlb::choose` gave this context out (it forgets what was learned before a frame
        // lost its bytes), and the pool is held since.
        (entry.tag == gva & (PAGE | (N as u32 - 1))).then(|| unsafe { entry.page.read(gva) })
    }

    /// Where `N` aligned bytes may be stored, if their page is known.
    #[inline(always)]
    fn to_store<const N: usize>(&self, gva: u32, reserved: PageAddress) -> Option<&Entry> {
        let entry = &self.store[(gva >> 12) as usize % DATA_ENTRIES];
        (entry.tag == gva & (PAGE | (N as u32 - 1)) && entry.page != reserved).then_some(entry)
    }

    /// Stores `N` aligned bytes, if their page is known and not `reserved`; gives the index of the frame's code page + 1, or 0:
    /// nothing was decoded from it.
    #[inline(always)]
    pub fn store<const N: usize>(&self, gva: u32, reserved: PageAddress, bytes: [u8; N], _: &mut Frames<'_>) -> Option<u32> {
        let entry = self.to_store::<N>(gva, reserved)?;
        // SAFETY: as in `load`.
        unsafe { entry.page.write(gva, bytes) };
        Some(entry.code)
    }

    /// Changes an aligned word, as [`store`](Self::store); gives the old word too.
    #[inline(always)]
    pub fn modify(&self, gva: u32, reserved: PageAddress, new: impl FnOnce(u32) -> u32, _: &mut Frames<'_>) -> Option<(u32, u32)> {
        let entry = self.to_store::<4>(gva, reserved)?;
        // SAFETY: as in `load`.
        let old = u32::from_le_bytes(unsafe { entry.page.read(gva) });
        // SAFETY: as in `load`.
        unsafe { entry.page.write(gva, new(old).to_le_bytes()) };
        Some((old, entry.code))
    }

    /// The code page for a fetch, if known.
    #[inline(always)]
    pub fn fetch(&self, gva: u32) -> Option<u32> {
        let entry = &self.fetch[(gva >> 12) as usize % FETCH_ENTRIES];
        (entry.tag == gva & PAGE).then_some(entry.to)
    }

    /// Forgets the translations of the pages whose numbers end with these ten bits.
    fn forget(&mut self, number: u32) {
        self.load[number as usize % DATA_ENTRIES] = EMPTY;
        self.store[number as usize % DATA_ENTRIES] = EMPTY;
        self.fetch[number as usize % FETCH_ENTRIES] = EMPTY_FETCH;
    }

    /// Forgets the translations for stores to a page of the pool.
    fn forget_stores(&mut self, page: PageAddress) {
        for entry in self.store.iter_mut().filter(|entry| entry.page == page) {
            *entry = EMPTY;
        }
    }
}

/// About a context.
#[derive(Debug)]
struct About {
    key: Key,
    /// [`Tlb::flushes`] when its entries were last all good.
    flushes: u64,
    /// When it was last chosen.
    used: u64,
}

/// The contexts of all guests. They are made as they are needed.
#[derive(Debug, Default)]
pub(super) struct Tlb {
    about: Vec<About>,
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

    /// An entry of a table of the last level changed, at this index: what was translated by it is forgotten.
    pub fn forget(&mut self, index: u32) {
        self.contexts.iter_mut().for_each(|context| context.forget(index));
    }

    /// The translations for stores to a page of the pool are forgotten.
    pub fn forget_stores(&mut self, page: PageAddress) {
        self.contexts.iter_mut().for_each(|context| context.forget_stores(page));
    }

    /// Makes the hart's context the current one.
    #[inline]
    pub fn choose(&mut self, vm: VmId, hart: &Vcpu) {
        let key = Key::new(vm, hart);
        match self.about.get(self.current) {
            Some(about) if about.key == key && about.flushes == self.flushes => {}
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
        self.current = self.about.iter().position(|about| about.key == key).unwrap_or_else(|| self.place());
        let about = &mut self.about[self.current];
        if about.flushes != self.flushes || about.key != key {
            *self.contexts[self.current] = Context::EMPTY;
        }
        *about = About { key, flushes: self.flushes, used: self.clock };
    }

    /// A place for a new context: one more, or that of the one that was not used for the longest time.
    fn place(&mut self) -> usize {
        if self.contexts.len() < CONTEXTS {
            self.contexts.push(Box::new(Context::EMPTY));
            self.about.push(About { key: Key::NOBODY, flushes: self.flushes, used: 0 });
            return self.contexts.len() - 1;
        }
        (0..CONTEXTS).min_by_key(|&at| self.about[at].used).unwrap_or(0)
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
