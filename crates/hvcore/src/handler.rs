//! VM exits, handled: one match, each arm a function in the file of its subject.

use crate::cpu::{Cause, Exception, Vcpu, interrupt, trap};
use crate::device::{devicetree, virtio};
use crate::door::{ConsoleInput, Door, Observer};
use crate::exit::{DebugEvent, GuestPageFault, PowerOff, Stop, VmExit};
use crate::hypercall;
use crate::memory::guest::{LoadError, Loaded};
use crate::memory::host::HostMemory;
use crate::report::report;
use crate::vm::Vm;
use guest_abi::ExitReason;
use rand_chacha::rand_core::RngCore;

/// Most pages that come back from swap for one instruction.
const MOST_RELOADS: u32 = 64;

/// What a guest's call may know about the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Surroundings {
    /// How many guests there are.
    pub vm_count: usize,
    /// Steps of a slice.
    pub slice: u32,
    /// The vt at which this guest's slice ends.
    pub slice_end: u64,
}

/// What the run loop does after an exit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum After {
    /// The same guest goes on, if it can.
    Continue,
    /// The guest's slice is over.
    EndSlice,
    /// The guest gave up the rest of its slice.
    Yield,
    /// Back to the debugger.
    Debug(DebugEvent),
}

/// Room for hypercalls to work in, kept so that they allocate nothing.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub bytes: Vec<u8>,
    pub spans: Vec<hypercall::buffer::Span>,
    pub chain: virtio::Chain,
    /// Bytes that calls moved since the door was last asked whether to stop.
    pub moved: u64,
}

/// Everything that handling one guest's exit may touch.
pub(crate) struct Context<'a> {
    pub vm: &'a mut Vm,
    pub host: &'a mut HostMemory,
    pub door: &'a mut dyn Door,
    pub observer: &'a mut dyn Observer,
    pub scratch: &'a mut Scratch,
    pub surroundings: Surroundings,
}

impl Context<'_> {
    /// The guest left: what kind of `wfi` it was is decided, the exit is counted and shown.
    pub fn vm_exit(&mut self, exit: VmExit) -> VmExit {
        let exit = if exit == VmExit::Idle && !self.can_wake() { VmExit::Halt } else { exit };
        if exit.reason() != ExitReason::PageFault {
            self.vm.counts.add(exit.reason()); // page faults count when a page gets its frame
        }
        // A page that comes back from swap, or is copied, is the host's affair.
        let of_the_host = matches!(exit, VmExit::PageFault(fault) if self.vm.memory.is_touched(fault.gpa));
        if !of_the_host {
            self.observer.exit(self.vm, &exit);
        }
        exit
    }

    /// Does what the exit asks for.
    pub fn handle_exit(&mut self, exit: VmExit) -> After {
        match exit {
            VmExit::PrivilegedInstruction(bits) => self.privileged_instruction(bits),
            VmExit::IoInstruction(access) => self.io_instruction(access),
            VmExit::PageFault(fault) => self.page_fault(fault),
            VmExit::Hypercall => return hypercall::serve(self),
            VmExit::Syscall => self.raise(Exception::new(Cause::UserEcall, 0)),
            VmExit::Halt => self.stop(Stop::Halt),
            VmExit::TimeSlice => return After::EndSlice,
            VmExit::Idle => self.idle(),
            VmExit::Interrupt(which) => {
                if let Err(repeated) = trap::interrupt(&mut self.vm.hart, which) {
                    self.crash(repeated);
                }
            }
            VmExit::Debug(event) => {
                self.vm.debug.reported(self.vm.hart.vt);
                return After::Debug(event);
            }
            VmExit::Crash { first, repeated } => {
                let report = report(self.vm, self.host, first, repeated);
                self.stop(Stop::Crash(Box::new(report)));
            }
        }
        After::Continue
    }

    /// The platform promises the emulation of none: all that S-mode may do it does itself. So the guest is told.
    fn privileged_instruction(&mut self, bits: u32) {
        self.raise(Exception::new(Cause::IllegalInstruction, bits));
    }

    fn page_fault(&mut self, fault: GuestPageFault) {
        if !self.vm.memory.is_ram(fault.gpa) {
            return self.raise(Exception::new(Cause::access_fault(fault.access), fault.gva.0));
        }
        let vt = self.vm.hart.vt;
        match self.load_page(fault) {
            Ok(Loaded::Again) => {
                let host = &mut self.vm.host_events;
                host.at_once = if host.last_reload == vt { host.at_once + 1 } else { 1 };
                host.last_reload = vt;
                // One instruction needs a dozen pages at most. If they are never there together, it never ends.
                if host.at_once > MOST_RELOADS {
                    self.stop(Stop::HostMemoryExhausted { gpa: fault.gpa, frames: self.host.frames_limit() });
                }
            }
            Ok(Loaded::First | Loaded::Copied | Loaded::Already) => {}
            Err(stop) => self.stop(stop),
        }
    }

    /// Gives a page of RAM its frame. `Err`: there is none, which ends the guest.
    pub fn load_page(&mut self, fault: GuestPageFault) -> Result<Loaded, Stop> {
        let loaded = self.vm.memory.load_page(self.host, fault.gpa, fault.access).map_err(|error| match error {
            LoadError::PoolEmpty => Stop::HostMemoryExhausted { gpa: fault.gpa, frames: self.host.frames_limit() },
            LoadError::Lost => Stop::SwapLost { gpa: fault.gpa },
        })?;
        match loaded {
            Loaded::First => self.vm.counts.add(ExitReason::PageFault),
            Loaded::Again => self.vm.host_events.reloads += 1,
            Loaded::Copied => self.vm.host_events.copies += 1,
            Loaded::Already => {}
        }
        Ok(loaded)
    }

    /// An exception into the guest.
    pub fn raise(&mut self, exception: Exception) {
        if let Err(repeated) = trap::raise(&mut self.vm.hart, exception) {
            self.crash(repeated);
        }
    }

    fn crash(&mut self, repeated: trap::Repeated) {
        let exit = self.vm_exit(VmExit::Crash { first: repeated.first, repeated: repeated.last });
        self.handle_exit(exit);
    }

    /// `wfi` retires; the scheduler goes on with the guest when something wakes it.
    fn idle(&mut self) {
        let next = self.vm.hart.pc.wrapping_add(4);
        self.vm.hart.retire(next);
        self.vm.hart.waiting = true;
    }

    /// The guest ends for good.
    pub fn stop(&mut self, stop: Stop) {
        self.vm.stop = Some(stop);
        self.observer.stopped(self.vm);
    }

    /// The guest ends by its own will: that is a `Halt` too.
    pub fn halt(&mut self, stop: Stop) {
        self.vm_exit(VmExit::Halt);
        self.stop(stop);
    }

    /// Starts the image again, or powers off after the last reboot that the guest may have. Time, counts and
    /// console input go on.
    pub fn reboot(&mut self) {
        if self.vm.reboots >= self.vm.config.max_reboots {
            return self.halt(Stop::PowerOff { code: 0, by: PowerOff::RebootLimit });
        }
        self.vm.reboots += 1;
        let mut seed = [0; 32];
        self.vm.random.fill_bytes(&mut seed);
        // The same configuration gave a tree of the same size before.
        let tree = devicetree::write(&self.vm.config, &seed, self.vm.memory.initrd_at()).unwrap_or_else(|_| self.vm.memory.devicetree().to_vec());
        self.vm.memory.reset(self.host, tree);
        let old = &self.vm.hart;
        let (vt, skipped, instret) = (old.vt, old.skipped, old.instret);
        let initrd = self.vm.config.initrd.as_ref().map(|bytes| bytes.len() as u32);
        let stack = devicetree::place(self.vm.memory.ram_bytes(), self.vm.memory.devicetree().len() as u32, initrd).map_or(0, |p| p.stack);
        let fresh = Vcpu::new(self.vm.memory.image().entry(), self.vm.memory.devicetree_at(), stack);
        self.vm.hart = Vcpu { vt, skipped, instret, ..fresh };
        self.vm.board = self.vm.board.reset();
    }

    /// Whether anything can end a `wfi`; takes in console input that is there.
    fn can_wake(&mut self) -> bool {
        can_wake(self.vm, self.door)
    }
}

/// Whether anything can end this guest's `wfi`: an interrupt that is pending, the timer, or input that may come.
pub(crate) fn can_wake(vm: &mut Vm, door: &mut dyn Door) -> bool {
    vm.board.guest_waits();
    fill_input(vm, door);
    let external_enabled = vm.hart.csr.sie & crate::cpu::Interrupt::External.bit() != 0;
    let input_can_come = external_enabled && vm.board.input_interrupts() && (!vm.board.input.ended() || vm.board.virtio_input_waits());
    let alarm_can_come = external_enabled && vm.board.next_event().is_some();
    interrupt::wakes(&vm.hart, vm.board.external_interrupt()) || interrupt::timer_wake(&vm.hart).is_some() || alarm_can_come || input_can_come
}

/// Fetches console input that is visible now, as far as there is room for it.
pub(crate) fn fill_input(vm: &mut Vm, door: &mut dyn Door) {
    let input = &mut vm.board.input;
    let mut buffer = [0; 16];
    while !input.ended() && input.room() > 0 {
        let room = input.room();
        match door.console_read(vm.id, vm.hart.vt, &mut buffer[..room]) {
            ConsoleInput::Bytes(count) if count > 0 => input.push(&buffer[..count.min(room)]),
            ConsoleInput::Bytes(_) | ConsoleInput::Nothing => {
                vm.looked_in_vain = true;
                break;
            }
            ConsoleInput::End => input.end(),
        }
    }
    vm.board.update_lines();
}
