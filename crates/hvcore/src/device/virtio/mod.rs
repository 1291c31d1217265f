//! virtio over MMIO (virtio 1.2, §4.2): eight slots, each modern (version 2) or legacy (version 1, §4.2.4), the
//! devices in them, and the work on their queues. A slot without a device answers with device id 0.
//!
//! All work is done when the driver notifies, in the order of the ring, so that a request's completion is at the
//! same instant in every run.

pub mod balloon;
pub mod block;
mod console;
mod dma;
mod entropy;
mod queue;

pub(crate) use queue::Chain;

use crate::config::{DeviceConfig, DeviceKind};
use crate::handler::Context;
use balloon::Balloon;
use block::Block;
use dma::Dma;
use guest_abi::memory_map::{VIRTIO, VIRTIO_SLOTS, VIRTIO_STRIDE};
use queue::{MAX_SIZE, Malformed, Virtqueue};
use virtio_bindings::virtio_config::{
    VIRTIO_CONFIG_S_DRIVER_OK, VIRTIO_CONFIG_S_FEATURES_OK, VIRTIO_CONFIG_S_NEEDS_RESET, VIRTIO_F_ANY_LAYOUT, VIRTIO_F_VERSION_1,
};
use virtio_bindings::virtio_ids::{VIRTIO_ID_BALLOON, VIRTIO_ID_BLOCK, VIRTIO_ID_CONSOLE, VIRTIO_ID_RNG};
use virtio_bindings::virtio_mmio::{
    VIRTIO_MMIO_CONFIG, VIRTIO_MMIO_CONFIG_GENERATION, VIRTIO_MMIO_DEVICE_FEATURES, VIRTIO_MMIO_DEVICE_FEATURES_SEL, VIRTIO_MMIO_DEVICE_ID,
    VIRTIO_MMIO_DRIVER_FEATURES, VIRTIO_MMIO_DRIVER_FEATURES_SEL, VIRTIO_MMIO_GUEST_PAGE_SIZE, VIRTIO_MMIO_INT_CONFIG, VIRTIO_MMIO_INT_VRING,
    VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INTERRUPT_STATUS, VIRTIO_MMIO_MAGIC_VALUE, VIRTIO_MMIO_QUEUE_ALIGN, VIRTIO_MMIO_QUEUE_AVAIL_HIGH,
    VIRTIO_MMIO_QUEUE_AVAIL_LOW, VIRTIO_MMIO_QUEUE_DESC_HIGH, VIRTIO_MMIO_QUEUE_DESC_LOW, VIRTIO_MMIO_QUEUE_NOTIFY, VIRTIO_MMIO_QUEUE_NUM,
    VIRTIO_MMIO_QUEUE_NUM_MAX, VIRTIO_MMIO_QUEUE_PFN, VIRTIO_MMIO_QUEUE_READY, VIRTIO_MMIO_QUEUE_SEL, VIRTIO_MMIO_QUEUE_USED_HIGH,
    VIRTIO_MMIO_QUEUE_USED_LOW, VIRTIO_MMIO_SHM_BASE_HIGH, VIRTIO_MMIO_SHM_LEN_LOW, VIRTIO_MMIO_STATUS, VIRTIO_MMIO_VENDOR_ID, VIRTIO_MMIO_VERSION,
};
use virtio_bindings::virtio_ring::{VIRTIO_RING_F_EVENT_IDX, VIRTIO_RING_F_INDIRECT_DESC};
use virtio_queue::QueueState;

/// "virt".
const MAGIC: u32 = 0x7472_6976;
/// "QEMU": drivers of small systems (xv6's among them) take no other.
const VENDOR: u32 = 0x554d_4551;
/// The alignment of a legacy queue's used ring, unless the driver sets another (QEMU's).
const LEGACY_ALIGN: u32 = 4096;
/// No device here has more queues.
const MAX_QUEUES: usize = 2;

/// What a device is and what is its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A disk.
    Block(Block),
    /// Random bytes.
    Entropy,
    /// The guest's console.
    Console,
    /// Pages that the guest does without.
    Balloon(Balloon),
}

/// A device and its transport, as the driver left them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slot {
    /// The device.
    pub kind: Kind,
    /// The transport of version 1.
    pub legacy: bool,
    /// Device status.
    pub status: u8,
    /// Interrupt status: bit 0 a queue, bit 1 the configuration.
    pub interrupts: u32,
    /// Which half of the device's features is read.
    pub device_half: u32,
    /// Which half of the driver's features is written.
    pub driver_half: u32,
    /// Features that the driver chose.
    pub features: u64,
    /// The queue that the queue registers mean.
    pub selected: u32,
    /// Legacy: log2 of the unit of queue addresses.
    pub page_shift: u8,
    /// Legacy: alignment of the used ring, by queue.
    pub align: [u32; MAX_QUEUES],
    /// The queues.
    pub queues: [QueueState; MAX_QUEUES],
    /// The driver broke the rules of the queues: nothing is done until a reset.
    pub broken: bool,
    /// The interrupt was claimed: the line is low until there is something new.
    pub told: bool,
    /// A console: so many slices more input is held back, unless the guest waits. Drivers drop what comes before they are
    /// ready for it, which takes them from the queue's start to the end of their first output.
    pub quiet: u8,
    /// A console: input waited, and the driver had no buffer for it; it will say when it has.
    pub starved: bool,
}

/// The slots of a configuration.
pub(crate) fn slots(devices: &[DeviceConfig]) -> Vec<Slot> {
    let mut disks = 0;
    let mut kind = |kind: &DeviceKind| match *kind {
        DeviceKind::Block { sectors, read_only } => {
            disks += 1;
            Kind::Block(Block { disk: disks - 1, sectors, read_only })
        }
        DeviceKind::Entropy => Kind::Entropy,
        DeviceKind::Console => Kind::Console,
        DeviceKind::Balloon { wanted } => Kind::Balloon(Balloon { wanted, actual: 0 }),
    };
    devices.iter().map(|device| Slot::new(kind(&device.kind), device.legacy)).collect()
}

/// The slot that an offset in the virtio window is in, and the offset in the slot.
fn split(offset: u32) -> (usize, u32) {
    ((offset / VIRTIO_STRIDE) as usize, offset % VIRTIO_STRIDE)
}

/// The PLIC source of a slot.
pub(super) fn source(slot: usize) -> u32 {
    VIRTIO.irq.unwrap_or(0) + slot as u32
}

/// A slot's window.
#[must_use]
pub fn base(slot: usize) -> u32 {
    VIRTIO.base + slot as u32 * VIRTIO_STRIDE
}

/// How many devices there is room for.
pub const SLOTS: usize = VIRTIO_SLOTS as usize;

/// The work that a store to a slot asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Notify {
    /// The slot.
    pub slot: usize,
    /// The queue.
    pub queue: usize,
}

/// A load from the virtio window.
pub(super) fn read(slots: &[Slot], offset: u32, width: u32) -> u32 {
    let (number, register) = split(offset);
    match slots.get(number) {
        Some(slot) => slot.read(register, width),
        None if width != 4 => 0,
        None => match register {
            VIRTIO_MMIO_MAGIC_VALUE => MAGIC,
            VIRTIO_MMIO_VERSION => 2,
            VIRTIO_MMIO_VENDOR_ID => VENDOR,
            _ => 0,
        },
    }
}

/// A store to the virtio window.
pub(super) fn write(slots: &mut [Slot], offset: u32, width: u32, value: u32) -> Option<Notify> {
    let (number, register) = split(offset);
    let queue = slots.get_mut(number)?.write(register, width, value)?;
    Some(Notify { slot: number, queue })
}

impl Slot {
    /// A device after reset.
    #[must_use]
    pub fn new(kind: Kind, legacy: bool) -> Slot {
        let queue = QueueState { max_size: MAX_SIZE, size: MAX_SIZE, ..QueueState::default() };
        Slot {
            kind,
            legacy,
            status: 0,
            interrupts: 0,
            device_half: 0,
            driver_half: 0,
            features: 0,
            selected: 0,
            page_shift: 0,
            align: [LEGACY_ALIGN; MAX_QUEUES],
            queues: [queue; MAX_QUEUES],
            broken: false,
            told: false,
            starved: false,
            quiet: console::QUIET,
        }
    }

    /// The device as it was before the driver came. What a disk holds stays.
    #[must_use]
    pub fn reset(&self) -> Slot {
        let kind = match &self.kind {
            Kind::Balloon(balloon) => Kind::Balloon(Balloon { wanted: balloon.wanted, actual: 0 }),
            Kind::Block(_) | Kind::Entropy | Kind::Console => self.kind.clone(),
        };
        Slot::new(kind, self.legacy)
    }

    fn device_id(&self) -> u32 {
        match self.kind {
            Kind::Block(_) => VIRTIO_ID_BLOCK,
            Kind::Console => VIRTIO_ID_CONSOLE,
            Kind::Entropy => VIRTIO_ID_RNG,
            Kind::Balloon(_) => VIRTIO_ID_BALLOON,
        }
    }

    fn queue_count(&self) -> usize {
        match self.kind {
            Kind::Block(_) | Kind::Entropy => 1,
            Kind::Console | Kind::Balloon(_) => 2,
        }
    }

    /// Features that the device offers.
    fn offered(&self) -> u64 {
        let own = match &self.kind {
            Kind::Block(block) => block.features(),
            Kind::Entropy | Kind::Console | Kind::Balloon(_) => 0,
        };
        let transport = if self.legacy { VIRTIO_F_ANY_LAYOUT } else { VIRTIO_F_VERSION_1 };
        own | 1 << transport | 1 << VIRTIO_RING_F_INDIRECT_DESC | 1 << VIRTIO_RING_F_EVENT_IDX
    }

    /// The selected queue, if the device has it.
    fn queue(&mut self) -> Option<&mut QueueState> {
        let selected = self.selected as usize;
        if selected < self.queue_count() { self.queues.get_mut(selected) } else { None }
    }

    fn config_byte(&self, at: u32) -> u8 {
        let at = at as usize;
        match &self.kind {
            Kind::Block(block) => block.config().get(at).copied(),
            Kind::Balloon(balloon) => balloon.config().get(at).copied(),
            Kind::Entropy | Kind::Console => None,
        }
        .unwrap_or(0)
    }

    fn read(&self, register: u32, width: u32) -> u32 {
        if register >= VIRTIO_MMIO_CONFIG {
            return (0..width).rev().fold(0, |value, i| value << 8 | u32::from(self.config_byte(register - VIRTIO_MMIO_CONFIG + i)));
        }
        if width != 4 {
            return 0; // §4.2.2.2: registers are words
        }
        let queue = self.queues.get(self.selected as usize).filter(|_| (self.selected as usize) < self.queue_count());
        match register {
            VIRTIO_MMIO_MAGIC_VALUE => MAGIC,
            VIRTIO_MMIO_VERSION => if self.legacy { 1 } else { 2 },
            VIRTIO_MMIO_DEVICE_ID => self.device_id(),
            VIRTIO_MMIO_VENDOR_ID => VENDOR,
            VIRTIO_MMIO_DEVICE_FEATURES => match self.device_half {
                0 => self.offered() as u32,
                1 => (self.offered() >> 32) as u32,
                _ => 0,
            },
            VIRTIO_MMIO_QUEUE_NUM_MAX => queue.map_or(0, |queue| u32::from(queue.max_size)),
            VIRTIO_MMIO_QUEUE_PFN if self.legacy => queue.map_or(0, |queue| (queue.desc_table >> self.page_shift) as u32),
            VIRTIO_MMIO_QUEUE_READY if !self.legacy => queue.map_or(0, |queue| u32::from(queue.ready)),
            VIRTIO_MMIO_INTERRUPT_STATUS => self.interrupts,
            VIRTIO_MMIO_STATUS => u32::from(self.status),
            // No device has shared memory: length and base are all ones (§4.2.2.1).
            VIRTIO_MMIO_SHM_LEN_LOW..=VIRTIO_MMIO_SHM_BASE_HIGH if !self.legacy => u32::MAX,
            VIRTIO_MMIO_CONFIG_GENERATION => 0,
            _ => 0,
        }
    }

    /// A store; the queue that the driver notifies, if it does.
    fn write(&mut self, register: u32, width: u32, value: u32) -> Option<usize> {
        if register >= VIRTIO_MMIO_CONFIG {
            self.write_config(register - VIRTIO_MMIO_CONFIG, width, value);
            return None;
        }
        if width != 4 {
            return None;
        }
        let (legacy, page_shift) = (self.legacy, self.page_shift);
        match register {
            VIRTIO_MMIO_DEVICE_FEATURES_SEL => self.device_half = value,
            VIRTIO_MMIO_DRIVER_FEATURES_SEL => self.driver_half = value,
            VIRTIO_MMIO_DRIVER_FEATURES => self.choose_features(value),
            VIRTIO_MMIO_QUEUE_SEL => self.selected = value,
            VIRTIO_MMIO_QUEUE_NUM => {
                if let (Some(queue), Ok(size @ 1..=MAX_SIZE)) = (self.queue(), u16::try_from(value))
                    && size.is_power_of_two()
                    && !queue.ready
                {
                    queue.size = size;
                }
            }
            VIRTIO_MMIO_GUEST_PAGE_SIZE if legacy => self.page_shift = if value.is_power_of_two() { value.trailing_zeros() as u8 } else { 0 },
            VIRTIO_MMIO_QUEUE_ALIGN if legacy => {
                let selected = self.selected as usize;
                if let Some(align) = self.align.get_mut(selected).filter(|_| value.is_power_of_two()) {
                    *align = value;
                }
            }
            VIRTIO_MMIO_QUEUE_PFN if legacy => self.place_legacy_queue(u64::from(value) << page_shift),
            VIRTIO_MMIO_QUEUE_READY if !legacy => {
                if let Some(queue) = self.queue() {
                    queue.ready = value & 1 == 1;
                    if !queue.ready {
                        (queue.next_avail, queue.next_used) = (0, 0);
                    }
                }
            }
            VIRTIO_MMIO_QUEUE_NOTIFY => return Some(value as usize).filter(|&queue| queue < self.queue_count()),
            VIRTIO_MMIO_INTERRUPT_ACK => {
                self.interrupts &= !value;
                self.told = false;
            }
            VIRTIO_MMIO_STATUS => self.set_status(value as u8),
            VIRTIO_MMIO_QUEUE_DESC_LOW..=VIRTIO_MMIO_QUEUE_USED_HIGH if !legacy => self.set_ring(register, value),
            _ => {}
        }
        None
    }

    fn write_config(&mut self, at: u32, width: u32, value: u32) {
        if let (Kind::Balloon(balloon), 4, 4) = (&mut self.kind, at, width) {
            balloon.actual = value;
        }
    }

    fn choose_features(&mut self, value: u32) {
        if u32::from(self.status) & VIRTIO_CONFIG_S_FEATURES_OK != 0 && !self.legacy {
            return;
        }
        match self.driver_half {
            0 => self.features = self.features >> 32 << 32 | u64::from(value),
            1 => self.features = self.features & 0xffff_ffff | u64::from(value) << 32,
            _ => {}
        }
    }

    /// A status of 0 resets; features that were not offered are not OK.
    fn set_status(&mut self, value: u8) {
        if value == 0 {
            // The page size belongs to the transport: Linux tells it once, before the first reset.
            *self = Slot { page_shift: self.page_shift, ..self.reset() };
            return;
        }
        let refused = self.features & !self.offered() != 0;
        let bits = if refused { !(VIRTIO_CONFIG_S_FEATURES_OK as u8) } else { u8::MAX };
        let needs_reset = self.status & VIRTIO_CONFIG_S_NEEDS_RESET as u8;
        self.status = value & bits & !(VIRTIO_CONFIG_S_NEEDS_RESET as u8) | needs_reset;
    }

    fn set_ring(&mut self, register: u32, value: u32) {
        let Some(queue) = self.queue().filter(|queue| !queue.ready) else { return };
        let set = |address: &mut u64, high: bool| {
            *address = if high { *address & 0xffff_ffff | u64::from(value) << 32 } else { *address >> 32 << 32 | u64::from(value) };
        };
        match register {
            VIRTIO_MMIO_QUEUE_DESC_LOW | VIRTIO_MMIO_QUEUE_DESC_HIGH => set(&mut queue.desc_table, register == VIRTIO_MMIO_QUEUE_DESC_HIGH),
            VIRTIO_MMIO_QUEUE_AVAIL_LOW | VIRTIO_MMIO_QUEUE_AVAIL_HIGH => set(&mut queue.avail_ring, register == VIRTIO_MMIO_QUEUE_AVAIL_HIGH),
            VIRTIO_MMIO_QUEUE_USED_LOW | VIRTIO_MMIO_QUEUE_USED_HIGH => set(&mut queue.used_ring, register == VIRTIO_MMIO_QUEUE_USED_HIGH),
            _ => {}
        }
    }

    /// Legacy (§2.7.2): one address for all three parts; 0 takes the queue away.
    fn place_legacy_queue(&mut self, at: u64) {
        let align = self.align.get(self.selected as usize).copied().map_or(u64::from(LEGACY_ALIGN), u64::from);
        let Some(queue) = self.queue() else { return };
        let size = u64::from(queue.size);
        queue.desc_table = at;
        queue.avail_ring = at + 16 * size;
        queue.used_ring = (queue.avail_ring + 6 + 2 * size).next_multiple_of(align);
        queue.ready = at != 0;
        (queue.next_avail, queue.next_used) = (0, 0);
    }

    /// Whether the driver is ready for the device to work. Legacy drivers may begin before they say so.
    fn live(&self) -> bool {
        !self.broken && (self.legacy || u32::from(self.status) & VIRTIO_CONFIG_S_DRIVER_OK != 0)
    }

    /// The slot's interrupt line.
    pub(super) fn interrupt(&self) -> bool {
        self.interrupts != 0 && !self.told
    }

    /// There is something new to tell.
    fn tell(&mut self, why: u32) {
        self.interrupts |= why;
        self.told = false;
    }

    /// Whether this is a console whose driver waits for input.
    pub(super) fn takes_input(&self) -> bool {
        self.quiet == 0 && self.could_take_input()
    }

    fn could_take_input(&self) -> bool {
        self.kind == Kind::Console && !self.starved && self.live() && self.queues[console::RECEIVE].ready
    }

    /// A slice of a guest that does not wait begins.
    pub(super) fn pass_slice(&mut self) {
        if self.could_take_input() {
            self.quiet = self.quiet.saturating_sub(1);
        }
    }

    /// The driver broke the rules: it learns of it, and nothing more is done (§2.1.2).
    fn break_down(&mut self) {
        self.broken = true;
        if !self.legacy {
            self.status |= VIRTIO_CONFIG_S_NEEDS_RESET as u8;
            self.tell(VIRTIO_MMIO_INT_CONFIG);
        }
    }
}

impl Context<'_> {
    /// Works on a queue until it is empty, or as long as there is input for it.
    pub(crate) fn virtio_work(&mut self, notify: Notify) {
        // The slot is put aside while the work goes on: no device looks at another.
        let Some(slot) = self.vm.board.virtio.get_mut(notify.slot) else { return };
        if !slot.live() || !slot.queues[notify.queue].ready {
            return;
        }
        let mut slot = slot.clone();
        let mut chain = std::mem::take(&mut self.scratch.chain);
        let mut dma = Dma::new(self);
        let result = work(&mut slot, notify.queue, &mut dma, &mut chain);
        let stop = dma.into_stop();
        if result.is_err() && stop.is_none() {
            slot.break_down();
        }
        slot.starved = slot.kind == Kind::Console && notify.queue == console::RECEIVE && console::has_input(&slot, self);
        self.scratch.chain = chain;
        self.vm.board.virtio[notify.slot] = slot;
        self.vm.board.update_lines();
        if let Some(stop) = stop {
            self.stop(stop);
        }
    }

    /// Carries console input to a virtio console that waits for it.
    pub(crate) fn virtio_input(&mut self) {
        if let Some(slot) = self.vm.board.virtio.iter().position(Slot::takes_input) {
            self.virtio_work(Notify { slot, queue: console::RECEIVE });
        }
    }
}

/// Serves every request of a queue.
fn work(slot: &mut Slot, number: usize, dma: &mut Dma<'_, '_>, chain: &mut Chain) -> Result<(), Malformed> {
    slot.queues[number].event_idx_enabled = slot.features >> VIRTIO_RING_F_EVENT_IDX & 1 == 1;
    let mut queue = Virtqueue::new(&slot.queues[number], dma)?;
    let mut served = 0;
    let outcome = loop {
        let waits = slot.kind == Kind::Console && number == console::RECEIVE;
        if waits && !dma.with(|context| console::has_input(slot, context)) {
            break queue.listen(dma).map(drop);
        }
        match queue.pop(dma, chain) {
            Err(malformed) => break Err(malformed),
            Ok(false) => match queue.listen(dma) {
                Ok(true) => continue,
                Ok(false) => break Ok(()),
                Err(malformed) => break Err(malformed),
            },
            // More than a queue holds: buffers lie over the ring, and the device makes its own requests.
            Ok(true) if served == slot.queues[number].size => break Err(Malformed),
            Ok(true) => {}
        }
        let written = match &slot.kind {
            Kind::Block(block) => block.serve(dma, chain),
            Kind::Entropy => entropy::serve(dma, chain),
            Kind::Console if number == console::RECEIVE => console::receive(dma, chain),
            Kind::Console => console::transmit(dma, chain),
            Kind::Balloon(_) if number == balloon::INFLATE => balloon::inflate(dma, chain),
            Kind::Balloon(_) => Ok(0), // a page that is touched again is there again
        };
        match written.and_then(|written| queue.push(dma, chain, written)) {
            Ok(()) => served += 1,
            Err(malformed) => break Err(malformed),
        }
    };
    if served != 0 && slot.kind == Kind::Console && number != console::RECEIVE {
        slot.quiet = console::QUIET;
    }
    if served != 0 && queue.wants_interrupt(dma)? {
        slot.tell(VIRTIO_MMIO_INT_VRING);
    }
    slot.queues[number] = queue.state();
    outcome
}
