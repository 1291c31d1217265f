//! The memory of one guest: RAM behind the EPT, the boot ROM, and what both hold at the start.

use crate::addr::{GuestPhys, HostFrame};
use crate::device;
use crate::memory::Access;
use crate::memory::ept::{Backing, Ept, EptMiss};
use crate::memory::host::{BringInError, HostMemory, Page, Residency, ZERO_PAGE};
use crate::memory::image::{Image, overlay};
use guest_abi::PAGE_SIZE;
use guest_abi::memory_map::{BOOT_ROM, RAM};
use std::sync::Arc;

/// Why an access to guest-physical memory does not give a value at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Miss {
    /// RAM without a frame: an exit to the hypervisor, which loads the page.
    NotPresent,
    /// Neither memory nor a device.
    Nothing,
    /// In a device's window.
    Device,
    /// Memory that forbids the access: a store to the boot ROM.
    Forbidden,
}

/// RAM and boot ROM of one guest.
#[derive(Debug)]
pub struct GuestMemory {
    ram_bytes: u32,
    ept: Ept,
    image: Arc<Image>,
    devicetree: Vec<u8>,
    devicetree_at: GuestPhys,
    initrd: Option<(GuestPhys, Arc<[u8]>)>,
    /// Whose share of the pool its frames take: the guest's number.
    owner: u32,
    /// Which frames have their bytes in memory.
    residency: Residency,
}

impl GuestMemory {
    /// Memory with `ram_bytes` bytes of RAM (whole pages) that begins with the image's contents and the devicetree
    /// and the initial RAM disk at their addresses, which is in RAM or in the boot ROM.
    pub(crate) fn new(ram_bytes: u32, image: Arc<Image>, devicetree: Vec<u8>, devicetree_at: GuestPhys, initrd: Option<(GuestPhys, Arc<[u8]>)>, owner: u32, residency: Residency) -> GuestMemory {
        GuestMemory { ram_bytes, ept: Ept::new(ram_bytes / PAGE_SIZE), image, devicetree, devicetree_at, initrd, owner, residency }
    }

    /// Bytes of RAM.
    #[must_use]
    pub fn ram_bytes(&self) -> u32 {
        self.ram_bytes
    }

    /// The EPT.
    #[must_use]
    pub fn ept(&self) -> &Ept {
        &self.ept
    }

    /// The image that the guest was started from.
    #[must_use]
    pub fn image(&self) -> &Arc<Image> {
        &self.image
    }

    /// The devicetree, as the guest finds it at [`devicetree_at`](Self::devicetree_at).
    #[must_use]
    pub fn devicetree(&self) -> &[u8] {
        &self.devicetree
    }

    /// Where the devicetree is.
    #[must_use]
    pub fn devicetree_at(&self) -> GuestPhys {
        self.devicetree_at
    }

    /// Whether an address lies in RAM.
    #[must_use]
    pub fn is_ram(&self, gpa: GuestPhys) -> bool {
        gpa.0.wrapping_sub(RAM.base) < self.ram_bytes
    }

    /// Reads 1, 2 or 4 bytes that lie in one page.
    #[inline]
    pub(crate) fn read(&mut self, host: &HostMemory, gpa: GuestPhys, width: u32, access: Access) -> Result<u32, Miss> {
        let offset = gpa.0.wrapping_sub(RAM.base);
        if offset < self.ram_bytes {
            let frame = self.ram_frame(offset, access)?;
            return Ok(get(host.page(frame), offset % PAGE_SIZE, width));
        }
        self.read_rom(gpa, width, access)
    }

    /// Writes 1, 2 or 4 bytes that lie in one page.
    #[inline]
    pub(crate) fn write(&mut self, host: &mut HostMemory, gpa: GuestPhys, width: u32, value: u32) -> Result<(), Miss> {
        let frame = self.frame_to_write(gpa)?;
        put(host.bytes_mut(frame, gpa.page_offset(), width), gpa.page_offset(), width, value);
        Ok(())
    }

    /// Writes a page-table entry back with its accessed and dirty bits set, which makes no translation stale.
    pub(crate) fn write_entry(&mut self, host: &mut HostMemory, gpa: GuestPhys, value: u32) -> Result<(), Miss> {
        let frame = self.frame_to_write(gpa)?;
        let page = if host.watched(frame).code { host.bytes_mut(frame, gpa.page_offset(), 4) } else { host.page_unwatched(frame) };
        put(page, gpa.page_offset(), 4, value);
        Ok(())
    }

    /// The frame behind an address in RAM for an access, its accessed and dirty bits set as by the access.
    pub(crate) fn frame(&mut self, gpa: GuestPhys, access: Access) -> Result<HostFrame, Miss> {
        let offset = gpa.0.wrapping_sub(RAM.base);
        if offset < self.ram_bytes { self.ram_frame(offset, access) } else { Err(outside_ram(gpa)) }
    }

    /// The frame that the page of RAM at `gpa` has, without any effect.
    pub(crate) fn frame_of(&self, gpa: GuestPhys) -> Option<HostFrame> {
        if self.is_ram(gpa) { self.ept.entry((gpa.0 - RAM.base) / PAGE_SIZE).backing.frame() } else { None }
    }

    /// The frame that a store to `gpa` would change, marked dirty.
    #[inline]
    pub(crate) fn frame_to_write(&mut self, gpa: GuestPhys) -> Result<HostFrame, Miss> {
        let offset = gpa.0.wrapping_sub(RAM.base);
        if offset < self.ram_bytes {
            return self.ram_frame(offset, Access::Store);
        }
        Err(outside_ram(gpa))
    }

    /// What an access of this kind at `gpa` would meet, without making it.
    pub(crate) fn check(&mut self, gpa: GuestPhys, access: Access) -> Result<(), Miss> {
        let offset = gpa.0.wrapping_sub(RAM.base);
        if offset < self.ram_bytes {
            return self.ram_frame(offset, access).map(drop);
        }
        self.read_rom(gpa, 1, access).map(drop)
    }

    #[inline]
    fn ram_frame(&mut self, offset: u32, access: Access) -> Result<HostFrame, Miss> {
        match self.ept.frame_for(offset / PAGE_SIZE, access) {
            Ok(frame) if self.residency.has(frame) => Ok(frame),
            Ok(_) | Err(EptMiss::NotPresent) => Err(Miss::NotPresent),
            Err(EptMiss::Forbidden) => Err(Miss::Forbidden),
        }
    }

    #[cold]
    fn read_rom(&self, gpa: GuestPhys, width: u32, access: Access) -> Result<u32, Miss> {
        if access == Access::Store || !BOOT_ROM.contains(gpa.0) {
            return Err(outside_ram(gpa));
        }
        let byte = |i: u32| self.rom_byte(gpa.wrapping_add(i));
        Ok((0..width).rev().fold(0, |value, i| (value << 8) | u32::from(byte(i))))
    }

    fn rom_byte(&self, gpa: GuestPhys) -> u8 {
        let offset = gpa.0.wrapping_sub(self.devicetree_at.0) as usize;
        self.devicetree.get(offset).copied().unwrap_or(0)
    }

    /// Gives the page of RAM at `gpa` a frame that an access of this kind can use.
    pub(crate) fn load_page(&mut self, host: &mut HostMemory, gpa: GuestPhys, access: Access) -> Result<Loaded, LoadError> {
        let page = gpa.0.wrapping_sub(RAM.base) / PAGE_SIZE;
        match self.ept.entry(page).backing {
            Backing::Private(frame) => bring_in(host, frame),
            Backing::Shared(frame) if access != Access::Store => bring_in(host, frame),
            Backing::Shared(frame) if host.references(frame) == 1 => {
                host.clear_origin(frame);
                self.ept.give(page, Backing::Private(frame));
                bring_in(host, frame).map(|_| Loaded::Copied)
            }
            Backing::Shared(frame) => {
                let mut contents = ZERO_PAGE;
                if !host.copy_to(frame, &mut contents) {
                    return Err(LoadError::Lost);
                }
                let own = host.allocate_for(self.owner).ok_or(LoadError::PoolEmpty)?;
                host.page_mut(own).copy_from_slice(&contents);
                self.ept.give(page, Backing::Private(own));
                host.release(frame);
                Ok(Loaded::Copied)
            }
            Backing::Discarded => {
                let frame = host.allocate_for(self.owner).ok_or(LoadError::PoolEmpty)?;
                self.ept.give(page, Backing::Private(frame));
                Ok(Loaded::First)
            }
            Backing::Initial => self.load_initial(host, page, access),
        }
    }

    /// The first touch of a page. What is the image's alone is shared with others who were started from it.
    fn load_initial(&mut self, host: &mut HostMemory, page: u32, access: Access) -> Result<Loaded, LoadError> {
        let origin = (Arc::as_ptr(&self.image) as usize, page);
        let share = access != Access::Store && self.is_image_alone(page);
        if let Some(frame) = host.find_origin(origin).filter(|_| share) {
            host.share(frame);
            self.ept.give(page, Backing::Shared(frame));
            // It may be in swap.
            return bring_in(host, frame).map(|_| Loaded::First);
        }
        let frame = host.allocate_for(self.owner).ok_or(LoadError::PoolEmpty)?;
        self.initial_page(page, host.page_mut(frame));
        if share {
            host.set_origin(frame, origin);
        }
        self.ept.give(page, if share { Backing::Shared(frame) } else { Backing::Private(frame) });
        Ok(Loaded::First)
    }

    /// Whether a page holds at the start something of the image, and nothing that is this guest's own.
    fn is_image_alone(&self, page: u32) -> bool {
        let own = self.devicetree_pages().contains(&page) || self.initrd_pages().contains(&page);
        !own && self.image.has_page(page)
    }

    /// Copies what page number `page` of RAM holds at the start over the zeroes in `contents`; tells whether
    /// there was anything.
    fn initial_page(&self, page: u32, contents: &mut Page) -> bool {
        let gpa = GuestPhys(RAM.base + page * PAGE_SIZE);
        let image = self.image.read_page(gpa, contents);
        let devicetree = self.is_ram(self.devicetree_at) && overlay(&self.devicetree, self.devicetree_at, gpa, contents);
        let initrd = self.initrd.as_ref().is_some_and(|(at, bytes)| overlay(bytes, *at, gpa, contents));
        image || devicetree || initrd
    }

    /// Reads bytes without any effect: no frame is given, no bit set, no device asked. What is not RAM or ROM
    /// ends the copy; returns how many bytes were read.
    pub(crate) fn peek(&self, host: &HostMemory, gpa: GuestPhys, buffer: &mut [u8]) -> usize {
        let mut done = 0;
        while done < buffer.len() {
            let Some(at) = gpa.0.checked_add(done as u32).map(GuestPhys) else { break };
            let room = (PAGE_SIZE - at.page_offset()) as usize;
            let chunk = &mut buffer[done..];
            let length = chunk.len().min(room);
            let chunk = &mut chunk[..length];
            let offset = at.page_offset() as usize;
            if self.is_ram(at) {
                let page = (at.0 - RAM.base) / PAGE_SIZE;
                match self.ept.entry(page).backing {
                    Backing::Private(frame) | Backing::Shared(frame) if host.is_resident(frame) => chunk.copy_from_slice(&host.page(frame)[offset..][..length]),
                    Backing::Private(frame) | Backing::Shared(frame) => {
                        let mut contents = ZERO_PAGE;
                        if !host.copy_to(frame, &mut contents) {
                            break;
                        }
                        chunk.copy_from_slice(&contents[offset..][..length]);
                    }
                    Backing::Discarded => chunk.fill(0),
                    Backing::Initial => {
                        let mut contents = ZERO_PAGE;
                        self.initial_page(page, &mut contents);
                        chunk.copy_from_slice(&contents[offset..][..length]);
                    }
                }
            } else if BOOT_ROM.contains(at.0) {
                for (i, byte) in chunk.iter_mut().enumerate() {
                    *byte = self.rom_byte(at.wrapping_add(i as u32));
                }
            } else {
                break;
            }
            done += length;
        }
        done
    }

    /// Every page of RAM that is not all zeroes, in order, whether it has a frame or not: what a state hash or a
    /// snapshot has to look at. Calls `visit` with the page's number and contents.
    pub(crate) fn for_each_nonzero_page(&self, host: &HostMemory, mut visit: impl FnMut(u32, &Page)) {
        let mut visit_page = |page: u32| {
            let mut initial = ZERO_PAGE;
            let contents = match self.ept.entry(page).backing {
                Backing::Private(frame) | Backing::Shared(frame) if host.is_resident(frame) => host.page(frame),
                Backing::Private(frame) | Backing::Shared(frame) => {
                    // What swap has lost reads as zeroes: its guest stops when it touches it.
                    if !host.copy_to(frame, &mut initial) {
                        initial = ZERO_PAGE;
                    }
                    &initial
                }
                Backing::Discarded => &ZERO_PAGE,
                Backing::Initial => {
                    self.initial_page(page, &mut initial);
                    &initial
                }
            };
            if contents != &ZERO_PAGE {
                visit(page, contents);
            }
        };
        let mut pages: Vec<u32> = self.ept.frames().map(|(page, _)| page).chain(self.image.pages()).chain(self.devicetree_pages()).chain(self.initrd_pages()).collect();
        pages.sort_unstable();
        pages.dedup();
        for page in pages {
            if page < self.ept.pages() {
                visit_page(page);
            }
        }
    }

    fn devicetree_pages(&self) -> std::ops::Range<u32> {
        self.pages_of(self.devicetree_at, self.devicetree.len() as u32)
    }

    fn initrd_pages(&self) -> std::ops::Range<u32> {
        self.initrd.as_ref().map_or(0..0, |(at, bytes)| self.pages_of(*at, bytes.len() as u32))
    }

    /// Page numbers of RAM that bytes at an address lie in; bytes in the boot ROM lie in none.
    fn pages_of(&self, at: GuestPhys, bytes: u32) -> std::ops::Range<u32> {
        if !self.is_ram(at) || bytes == 0 {
            return 0..0;
        }
        let first = at.0 - RAM.base;
        first / PAGE_SIZE..(first + bytes - 1) / PAGE_SIZE + 1
    }

    /// Where the initial RAM disk is.
    pub(crate) fn initrd_at(&self) -> Option<GuestPhys> {
        self.initrd.as_ref().map(|&(at, _)| at)
    }

    /// The guest does without what the page of RAM at `gpa` holds: its frame goes back to the pool, and it reads as zeroes
    /// when it is touched again. What is not RAM is left alone.
    pub(crate) fn discard_page(&mut self, host: &mut HostMemory, gpa: GuestPhys) {
        if self.is_ram(gpa)
            && let Some(frame) = self.ept.discard((gpa.0 - RAM.base) / PAGE_SIZE)
        {
            host.release(frame);
        }
    }

    /// Whether the page of RAM at `gpa` was given a frame, and not given up since.
    pub(crate) fn is_touched(&self, gpa: GuestPhys) -> bool {
        self.is_ram(gpa) && self.ept.entry((gpa.0 - RAM.base) / PAGE_SIZE).backing.frame().is_some()
    }

    /// Discards the page of RAM at `gpa` if it was touched and holds nothing but zeroes.
    pub(crate) fn give_up_zeroes(&mut self, host: &mut HostMemory, gpa: GuestPhys) -> bool {
        let mut contents = ZERO_PAGE;
        let zero = self.is_touched(gpa) && self.peek(host, gpa, &mut contents) == contents.len() && contents == ZERO_PAGE;
        if zero {
            self.discard_page(host, gpa);
        }
        zero
    }

    /// Back to the initial contents, with a new devicetree of the same place; all frames go back to the pool.
    pub(crate) fn reset(&mut self, host: &mut HostMemory, devicetree: Vec<u8>) {
        for frame in self.ept.clear() {
            host.release(frame);
        }
        self.devicetree = devicetree;
    }
}

/// How a page came to be usable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Loaded {
    /// It was touched for the first time.
    First,
    /// It came back from swap.
    Again,
    /// The guest got a frame of its own for one that it shared.
    Copied,
    /// It was there.
    Already,
}

/// Why a page cannot be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LoadError {
    /// The pool has no frame left, and nothing can go to swap.
    PoolEmpty,
    /// Swap has lost it.
    Lost,
}

fn bring_in(host: &mut HostMemory, frame: HostFrame) -> Result<Loaded, LoadError> {
    match host.bring_in(frame) {
        Ok(true) => Ok(Loaded::Again),
        Ok(false) => Ok(Loaded::Already),
        Err(BringInError::Full) => Err(LoadError::PoolEmpty),
        Err(BringInError::Lost) => Err(LoadError::Lost),
    }
}

/// What is at an address that is not RAM, for an access that the boot ROM does not serve.
fn outside_ram(gpa: GuestPhys) -> Miss {
    if BOOT_ROM.contains(gpa.0) {
        Miss::Forbidden
    } else if device::at(gpa).is_some() {
        Miss::Device
    } else {
        Miss::Nothing
    }
}

/// 1, 2 or 4 bytes at `offset` of a page, little-endian, zero-extended.
#[inline]
fn get(page: &Page, offset: u32, width: u32) -> u32 {
    let at = offset as usize;
    match width {
        4 => u32::from_le_bytes(page[at..at + 4].try_into().unwrap_or_default()),
        2 => u32::from(u16::from_le_bytes(page[at..at + 2].try_into().unwrap_or_default())),
        _ => u32::from(page[at]),
    }
}

/// Stores the low 1, 2 or 4 bytes of `value` at `offset` of a page.
#[inline]
fn put(page: &mut Page, offset: u32, width: u32, value: u32) {
    let at = offset as usize;
    match width {
        4 => page[at..at + 4].copy_from_slice(&value.to_le_bytes()),
        2 => page[at..at + 2].copy_from_slice(&(value as u16).to_le_bytes()),
        _ => page[at] = value as u8,
    }
}
