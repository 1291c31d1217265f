//! The hypervisor: the pool, the guests, and the run loop.

use crate::addr::{GuestPhys, GuestVirt};
use crate::config::{HypervisorConfig, VmConfig};
use crate::cpu::{Privilege, Vcpu};
use crate::debug::DebugControl;
use crate::device::rtc::Rtc;
use crate::device::{Board, devicetree, virtio};
use crate::door::{Door, Observer};
use crate::engine::{AnyEngine, Engine};
use crate::exit::{DebugEvent, ExitCounts, Stop, VmExit};
use crate::handler::{After, Context, Scratch, Surroundings};
use crate::explain::explain;
use crate::hash;
use crate::memory::Access;
use crate::memory::guest::GuestMemory;
use crate::memory::host::HostMemory;
use crate::memory::image::{Image, Segment};
use crate::memory::swap::Swap;
use crate::scheduler::{Next, Rest, Scheduler};
use crate::vm::{HostEvents, Vm, VmId};
use guest_abi::PAGE_SIZE;
use guest_abi::memory_map::RAM;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::fmt;
use std::sync::Arc;

/// Why a guest is not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AddVmError {
    /// There are as many guests as there may be.
    TooManyGuests {
        /// The bound.
        max: usize,
    },
    /// RAM is no multiple of the page size, none at all, or over 2 GiB.
    RamSize {
        /// What was asked for, in bytes.
        bytes: u32,
    },
    /// The image does not fit into RAM.
    DoesNotFit {
        /// RAM in bytes.
        ram_bytes: u32,
        /// What the image needs, in bytes from the base of RAM.
        needed: u32,
        /// The image's segments.
        segments: Vec<Segment>,
    },
    /// The devicetree does not fit beside the image, or not at all.
    Devicetree {
        /// Bytes of the devicetree.
        bytes: u32,
        /// Where it would lie, if there is a place.
        at: Option<GuestPhys>,
        /// The segment that is in its way.
        segment: Option<Segment>,
    },
    /// The initial RAM disk does not fit beside the image, or not at all.
    Initrd {
        /// Its bytes.
        bytes: u64,
        /// Where it would lie, if there is a place.
        at: Option<GuestPhys>,
        /// The segment that is in its way.
        segment: Option<Segment>,
    },
    /// The boot arguments hold a NUL.
    BootArgs,
    /// There are more virtio devices than slots.
    TooManyDevices {
        /// The bound.
        max: usize,
    },
}

impl fmt::Display for AddVmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AddVmError::TooManyGuests { max } => write!(f, "there are {max} guests already, as many as this machine has room for"),
            AddVmError::RamSize { bytes } => {
                write!(f, "{bytes} bytes of RAM: it must be a multiple of {PAGE_SIZE}, at least {PAGE_SIZE} and at most {}", RAM.size)
            }
            AddVmError::DoesNotFit { ram_bytes, needed, segments } => {
                write!(f, "the image needs {needed} bytes of RAM, but the guest has {ram_bytes}:")?;
                let mut separator = " ";
                segments.iter().try_for_each(|s| {
                    write!(f, "{separator}{} {} bytes at {}", s.name, s.memory_bytes, s.gpa)?;
                    separator = ", ";
                    Ok(())
                })
            }
            AddVmError::Devicetree { bytes, at: Some(at), segment: Some(s) } => {
                write!(f, "the devicetree ({bytes} bytes at {at}) overlaps {} ({} bytes at {})", s.name, s.memory_bytes, s.gpa)
            }
            AddVmError::Devicetree { bytes, .. } => write!(f, "there is no place for a devicetree of {bytes} bytes"),
            AddVmError::Initrd { bytes, at: Some(at), segment: Some(s) } => {
                write!(f, "the initial RAM disk ({bytes} bytes at {at}) overlaps {} ({} bytes at {})", s.name, s.memory_bytes, s.gpa)
            }
            AddVmError::Initrd { bytes, .. } => write!(f, "there is no room in RAM for an initial RAM disk of {bytes} bytes"),
            AddVmError::TooManyDevices { max } => write!(f, "there is room for {max} virtio devices"),
            AddVmError::BootArgs => write!(f, "the boot arguments hold a NUL byte"),
        }
    }
}

impl std::error::Error for AddVmError {}

/// Bytes that hypercalls may move before the door is asked whether to stop.
const ASK_AFTER: u64 = 16 * 1024 * 1024;

/// Why [`Hypervisor::run`] came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunEnd {
    /// Every guest has stopped; [`Vm::stop`] says why.
    AllStopped,
    /// The door said stop; running again goes on.
    Interrupted,
    /// A debugger's event; running again goes on.
    Debug {
        /// The guest.
        vm: VmId,
        /// What happened.
        event: DebugEvent,
    },
}

/// The hypervisor.
#[derive(Debug)]
pub struct Hypervisor<E = AnyEngine> {
    config: HypervisorConfig,
    host: HostMemory,
    vms: Vec<Vm>,
    scheduler: Scheduler,
    engine: E,
    scratch: Scratch,
    /// The observer wants the steps of the slice at hand.
    tracing: bool,
}

impl Hypervisor {
    /// A hypervisor without guests, with the default engine.
    #[must_use]
    pub fn new(config: HypervisorConfig) -> Hypervisor {
        Hypervisor::with_engine(config, AnyEngine::default())
    }
}

impl<E: Engine> Hypervisor<E> {
    /// A hypervisor without guests.
    #[must_use]
    pub fn with_engine(config: HypervisorConfig, engine: E) -> Hypervisor<E> {
        Hypervisor {
            host: HostMemory::new(config.host_memory_bytes),
            vms: Vec::new(),
            scheduler: Scheduler::new(config.slice),
            engine,
            scratch: Scratch::default(),
            tracing: false,
            config,
        }
    }

    /// Takes a guest in, ready to run from the image's entry.
    pub fn add_vm(&mut self, image: Arc<Image>, config: VmConfig) -> Result<VmId, AddVmError> {
        if let Some(max) = self.config.max_guests.filter(|&max| self.vms.len() >= max) {
            return Err(AddVmError::TooManyGuests { max });
        }
        if config.ram_bytes == 0 || config.ram_bytes > RAM.size || !config.ram_bytes.is_multiple_of(PAGE_SIZE) {
            return Err(AddVmError::RamSize { bytes: config.ram_bytes });
        }
        if image.min_ram() > config.ram_bytes {
            let segments = image.segments().to_vec();
            return Err(AddVmError::DoesNotFit { ram_bytes: config.ram_bytes, needed: image.min_ram(), segments });
        }
        if config.devices.len() > virtio::SLOTS {
            return Err(AddVmError::TooManyDevices { max: virtio::SLOTS });
        }
        let id = VmId(self.vms.len());
        let mut random = ChaCha20Rng::seed_from_u64(config.seed);
        random.set_stream(id.0 as u64);
        let mut seed = [0; 32];
        random.fill_bytes(&mut seed);
        // Where the initial RAM disk lies depends on the tree's size, which does not depend on where it lies.
        let somewhere = config.initrd.as_ref().map(|_| GuestPhys(RAM.base));
        let tree = devicetree::write(&config, &seed, somewhere).map_err(|_| AddVmError::BootArgs)?;
        let placement = place_devicetree(&image, &config, tree.len() as u32)?;
        let tree = devicetree::write(&config, &seed, placement.initrd).map_err(|_| AddVmError::BootArgs)?;
        let initrd = placement.initrd.zip(config.initrd.clone());
        let mut vm = Vm {
            id,
            hart: Vcpu::new(image.entry(), placement.at, placement.stack),
            memory: GuestMemory::new(config.ram_bytes, image, tree, placement.at, initrd, id.0 as u32, self.host.residency()),
            board: Board { virtio: virtio::slots(&config.devices), rtc: Rtc::new(config.rtc_start), ..Board::default() },
            counts: ExitCounts::default(),
            stop: None,
            reboots: 0,
            random,
            debug: DebugControl::default(),
            looked_in_vain: false,
            host_events: HostEvents::default(),
            config,
        };
        self.host.set_share(id.0 as u32, vm.config.share);
        self.scheduler.add(&mut vm);
        self.vms.push(vm);
        Ok(id)
    }

    /// From now on cold pages of guests go to this store when the pool is full.
    pub fn set_swap(&mut self, store: Box<dyn Swap>) {
        self.host.set_swap(store);
    }

    /// Runs all guests until they have stopped, the door says stop, or a debugger's event comes up.
    pub fn run(&mut self, door: &mut dyn Door, observer: &mut dyn Observer) -> RunEnd {
        let vm_count = self.vms.len();
        loop {
            let (id, slice_end, known) = match self.scheduler.next(&mut self.vms, door) {
                Next::Run { vm, slice_end, fresh } => {
                    self.tracing = if fresh { observer.wants_steps() } else { self.tracing };
                    (vm, slice_end, None)
                }
                Next::Halt { vm, slice_end } => (vm, slice_end, Some(VmExit::Halt)),
                Next::Serve { vm, slice_end } => (vm, slice_end, None),
                Next::AllStopped => return RunEnd::AllStopped,
                Next::Interrupted => return RunEnd::Interrupted,
            };
            let vm = &mut self.vms[id.0];
            if vm.board.virtio_input_waits() {
                let surroundings = Surroundings { vm_count, slice: self.config.slice, slice_end };
                Context { vm, host: &mut self.host, door, observer, scratch: &mut self.scratch, surroundings }.virtio_input();
                continue; // it may have woken, or come to its end
            }
            let Some(fuel) = vm_entry(vm, slice_end, self.tracing) else {
                stop_at_limit(vm, observer);
                continue;
            };
            let (steps, pc) = (vm.steps(), vm.vcpu().pc);
            let bits = if self.tracing { vm.peek_instruction(&self.host, GuestVirt(pc)) } else { None };
            let exit = match known {
                Some(exit) => Some(exit),
                None => self.engine.run(vm, &mut self.host, fuel),
            };
            let exit = exit.or_else(|| (vm.hart.vt >= slice_end).then_some(VmExit::TimeSlice));
            let mut after = After::Continue;
            if let Some(exit) = exit {
                let surroundings = Surroundings { vm_count, slice: self.config.slice, slice_end };
                let mut context = Context { vm, host: &mut self.host, door, observer, scratch: &mut self.scratch, surroundings };
                let exit = context.vm_exit(exit);
                after = context.handle_exit(exit);
            }
            let vm = &mut self.vms[id.0];
            let stepped = vm.steps() != steps;
            if stepped && self.tracing {
                observer.step(vm, pc, bits);
            }
            match after {
                After::Continue => {}
                After::EndSlice => self.scheduler.end_slice(vm, Rest::Busy),
                After::Yield => self.scheduler.end_slice(vm, if vm.looked_in_vain { Rest::Polling } else { Rest::Yielded }),
                After::Debug(event) => return RunEnd::Debug { vm: id, event },
            }
            // A slice full of large buffers takes far longer than one of plain instructions.
            if self.scratch.moved > ASK_AFTER {
                self.scratch.moved = 0;
                if door.should_stop() {
                    return RunEnd::Interrupted;
                }
            }
            if stepped && vm.debug.single_step && vm.stop.is_none() {
                vm.counts.add(guest_abi::ExitReason::Debug);
                observer.exit(vm, &VmExit::Debug(DebugEvent::Step));
                return RunEnd::Debug { vm: id, event: DebugEvent::Step };
            }
        }
    }

    /// Another length of slices, from the next round on.
    pub(crate) fn set_slice(&mut self, steps: u32) {
        self.config.slice = steps;
        self.scheduler.set_slice(steps);
    }

    /// Lets the world outside have its way with a guest.
    pub(crate) fn with_vm(&mut self, id: VmId, act: impl FnOnce(&mut Vm, &mut HostMemory)) {
        if let Some(vm) = self.vms.get_mut(id.0) {
            act(vm, &mut self.host);
        }
    }

    /// The engine.
    pub fn engine_mut(&mut self) -> &mut E {
        &mut self.engine
    }

    /// The guests, by number.
    #[must_use]
    pub fn vms(&self) -> &[Vm] {
        &self.vms
    }

    /// One guest.
    #[must_use]
    pub fn vm(&self, id: VmId) -> Option<&Vm> {
        self.vms.get(id.0)
    }

    /// What a debugger wants of a guest.
    pub fn debug_mut(&mut self, id: VmId) -> Option<&mut DebugControl> {
        self.vms.get_mut(id.0).map(|vm| &mut vm.debug)
    }

    /// The figures of this hypervisor.
    #[must_use]
    pub fn config(&self) -> &HypervisorConfig {
        &self.config
    }

    /// The pool of frames.
    #[must_use]
    pub fn host_memory(&self) -> &HostMemory {
        &self.host
    }

    /// Reads a guest's virtual memory as it translates now, for reports and debuggers: no effect on the guest, never a
    /// device. `false`: no such guest, or some byte is not memory; the buffer is then worthless.
    #[must_use]
    pub fn peek(&self, id: VmId, gva: GuestVirt, buffer: &mut [u8]) -> bool {
        self.vms.get(id.0).is_some_and(|vm| vm.peek(&self.host, gva, buffer))
    }

    /// Reads a guest's physical memory; like [`peek`](Self::peek).
    #[must_use]
    pub fn peek_physical(&self, id: VmId, gpa: GuestPhys, buffer: &mut [u8]) -> bool {
        self.vms.get(id.0).is_some_and(|vm| vm.memory.peek(&self.host, gpa, buffer) == buffer.len())
    }

    /// How a guest's page tables treat an address now, for an access from a privilege: a line for each entry that is looked
    /// at, then where it leads, or which entry refuses it and why. No effect on the guest; of no guest, nothing.
    #[must_use]
    pub fn explain(&self, id: VmId, gva: GuestVirt, access: Access, privilege: Privilege) -> Vec<String> {
        self.vms.get(id.0).map_or_else(Vec::new, |vm| explain(vm, &self.host, gva, access, privilege))
    }

    /// The hash of everything that a guest is (registers, CSRs, RAM, devices, counts, time); of no guest, zeroes.
    #[must_use]
    pub fn state_hash(&self, id: VmId) -> [u8; 32] {
        self.vms.get(id.0).map_or([0; 32], |vm| hash::state_hash(vm, &self.host))
    }
}

/// How many steps the guest may do; `None`: it has done all that it ever may.
fn vm_entry(vm: &Vm, slice_end: u64, single: bool) -> Option<u64> {
    let left = vm.config.max_steps.map_or(u64::MAX, |max| max.saturating_sub(vm.steps()));
    if left == 0 && vm.hart.vt < slice_end {
        return None;
    }
    let fuel = left.min(slice_end.saturating_sub(vm.hart.vt));
    Some(if single || vm.debug.single_step { fuel.min(1) } else { fuel })
}

fn stop_at_limit(vm: &mut Vm, observer: &mut dyn Observer) {
    vm.stop = Some(Stop::StepLimit { steps: vm.steps() });
    observer.stopped(vm);
}

/// Finds the places of the devicetree and the initial RAM disk, and makes sure that they are free.
fn place_devicetree(image: &Image, config: &VmConfig, bytes: u32) -> Result<devicetree::Placement, AddVmError> {
    let initrd = config.initrd.as_ref().map(|bytes| bytes.len() as u64);
    let too_large = |bytes: u64| AddVmError::Initrd { bytes, at: None, segment: None };
    let initrd_bytes = initrd.map(u32::try_from).transpose().map_err(|_| too_large(initrd.unwrap_or(0)))?;
    let placement = match devicetree::place(config.ram_bytes, bytes, initrd_bytes) {
        Some(placement) => placement,
        None if devicetree::place(config.ram_bytes, bytes, None).is_some() => return Err(too_large(initrd.unwrap_or(0))),
        None => return Err(AddVmError::Devicetree { bytes, at: None, segment: None }),
    };
    let in_the_way = |at: GuestPhys, bytes: u64| {
        let (start, end) = (u64::from(at.0), u64::from(at.0) + bytes);
        image.segments().iter().find(|s| u64::from(s.gpa.0) < end && s.end() > start).cloned()
    };
    if let Some(segment) = in_the_way(placement.at, bytes.into()) {
        return Err(AddVmError::Devicetree { bytes, at: Some(placement.at), segment: Some(segment) });
    }
    if let (Some(at), Some(bytes)) = (placement.initrd, initrd)
        && let Some(segment) = in_the_way(at, bytes)
    {
        return Err(AddVmError::Initrd { bytes, at: Some(at), segment: Some(segment) });
    }
    Ok(placement)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Access;

    #[test]
    fn the_hash_looks_at_contents_and_not_at_residency() {
        let segment = Segment { name: ".text".into(), gpa: GuestPhys(RAM.base + 100), file_offset: 0, file_bytes: 5000, memory_bytes: 5000 };
        let image = Arc::new(Image::new(vec![7; 5000].into(), GuestPhys(RAM.base + 100), vec![segment], 0).expect("good"));
        let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
        let id = hypervisor.add_vm(image, VmConfig::virt("resident")).expect("taken");
        let before = hypervisor.state_hash(id);
        let devicetree = hypervisor.vms[0].memory.devicetree_at();
        for gpa in [GuestPhys(RAM.base), GuestPhys(RAM.base + 0x1000), GuestPhys(RAM.base + 0x123_4000), devicetree] {
            hypervisor.vms[0].memory.load_page(&mut hypervisor.host, gpa, Access::Store).expect("a frame");
            assert_eq!(hypervisor.state_hash(id), before, "a page with a frame that holds its initial contents: {gpa}");
        }
        assert_eq!(hypervisor.host.frames_in_use(), 4);
        for gpa in [RAM.base + 99, RAM.base + 0x123_4567] {
            hypervisor.vms[0].memory.write(&mut hypervisor.host, GuestPhys(gpa), 1, 1).expect("RAM");
            assert_ne!(hypervisor.state_hash(id), before);
            hypervisor.vms[0].memory.write(&mut hypervisor.host, GuestPhys(gpa), 1, 0).expect("RAM");
            assert_eq!(hypervisor.state_hash(id), before);
        }
        hypervisor.vms[0].hart.x[31] = 1;
        assert_ne!(hypervisor.state_hash(id), before);
    }
}
