//! The scheduler: groups in rounds, guests of a group in turn, slices of exactly so many steps (platform page,
//! "Time"). In a round each guest's vt advances by exactly one slice, running or idle; a group that is idle
//! altogether jumps to its earliest event.

use crate::cpu::{Interrupt, interrupt};
use crate::door::{Door, Idle};
use crate::handler::{can_wake, fill_input};
use crate::vm::{Vm, VmId};

/// Guests whose time advances together.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Group {
    /// The number from the configuration, if it has one.
    number: Option<u32>,
    members: Vec<VmId>,
    /// vt at which the group's round began.
    start: u64,
    /// How the guests ended their turns in the round at hand, or in the last one: the least restful of them.
    rest: Rest,
}

/// How a guest ended its turn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Rest {
    /// In `wfi`, or stopped.
    Waiting,
    /// By YIELD, after it looked for input in vain.
    Polling,
    /// By YIELD.
    Yielded,
    /// It used its slice.
    Busy,
}

/// Where the rotation stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Position {
    /// A group's round is to begin.
    Begin { group: usize },
    /// A guest's turn, or what is left of it.
    Turn { group: usize, member: usize },
}

/// Who runs, and until when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Scheduler {
    groups: Vec<Group>,
    position: Position,
    slice: u64,
    /// Groups that were found waiting since one last ran.
    parked: usize,
    /// The turn at hand has begun.
    begun: bool,
}

/// What the scheduler decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    /// This guest runs, until its vt is `slice_end`; `fresh`: its turn has just begun.
    Run { vm: VmId, slice_end: u64, fresh: bool },
    /// This guest is in `wfi`, and console input waits to be carried to its virtio console.
    Serve { vm: VmId, slice_end: u64 },
    /// This guest is in a `wfi` that nothing can wake any more.
    Halt { vm: VmId, slice_end: u64 },
    /// Every guest has stopped.
    AllStopped,
    /// The door says stop.
    Interrupted,
}

impl Scheduler {
    pub fn new(slice: u32) -> Scheduler {
        Scheduler { groups: Vec::new(), position: Position::Begin { group: 0 }, slice: u64::from(slice.max(1)), parked: 0, begun: false }
    }

    /// Another length of slices, from the next round on.
    pub fn set_slice(&mut self, steps: u32) {
        self.slice = u64::from(steps.max(1));
    }

    /// Takes a new guest in: into the group with its number, else as a group of its own.
    pub fn add(&mut self, vm: &mut Vm) {
        let number = vm.config.group;
        if let Some(group) = self.groups.iter_mut().find(|group| number.is_some() && group.number == number) {
            vm.hart.skip_to(group.start); // joins at the round at hand
            group.members.push(vm.id);
        } else {
            self.groups.push(Group { number, members: vec![vm.id], start: 0, rest: Rest::Busy });
        }
    }

    /// The slice of the guest at hand is over.
    pub fn end_slice(&mut self, vm: &mut Vm, rest: Rest) {
        if let Position::Turn { group, member } = self.position {
            vm.hart.reservation = None;
            self.groups[group].rest = self.groups[group].rest.max(rest);
            self.position = Position::Turn { group, member: member + 1 };
            self.begun = false;
        }
    }

    /// Who runs now: the guest at hand while its slice lasts, then the next one that can.
    pub fn next(&mut self, vms: &mut [Vm], door: &mut dyn Door) -> Next {
        loop {
            match self.position {
                Position::Begin { group } => {
                    if group >= self.groups.len() {
                        if self.groups.iter().all(|group| group.members.iter().all(|vm| vms[vm.0].stop.is_some())) {
                            return Next::AllStopped;
                        }
                        self.position = Position::Begin { group: 0 };
                        continue;
                    }
                    match self.begin_round(group, vms, door) {
                        Round::Begins => {
                            self.parked = 0;
                            self.groups[group].rest = Rest::Waiting;
                            self.position = Position::Turn { group, member: 0 };
                            if door.should_stop() {
                                return Next::Interrupted;
                            }
                        }
                        Round::Over => self.position = Position::Begin { group: group + 1 },
                        Round::Waits => {
                            self.position = Position::Begin { group: group + 1 };
                            self.parked += 1;
                            if self.parked >= self.live_groups(vms) {
                                self.parked = 0;
                                door.sleep();
                                if door.should_stop() {
                                    return Next::Interrupted;
                                }
                            }
                        }
                        Round::Halts(vm) => return Next::Halt { vm, slice_end: self.groups[group].start },
                    }
                }
                Position::Turn { group, member } => {
                    let slice_end = self.groups[group].start + self.slice;
                    let Some(&id) = self.groups[group].members.get(member) else {
                        self.groups[group].start = slice_end;
                        self.position = Position::Begin { group: group + 1 };
                        continue;
                    };
                    let vm = &mut vms[id.0];
                    if vm.hart.waiting && vm.stop.is_none() {
                        vm.board.guest_waits();
                        fill_input(vm, door);
                        if vm.board.virtio_input_waits() {
                            return Next::Serve { vm: id, slice_end };
                        }
                    }
                    if vm.stop.is_some() || (vm.hart.waiting && !wake_before(vm, slice_end)) {
                        self.end_slice(vm, Rest::Waiting);
                        continue;
                    }
                    let fresh = !self.begun;
                    if fresh {
                        self.begun = true;
                        vm.looked_in_vain = false;
                        receive(vm, door);
                    }
                    return Next::Run { vm: id, slice_end, fresh };
                }
            }
        }
    }

    fn live_groups(&self, vms: &[Vm]) -> usize {
        self.groups.iter().filter(|group| group.members.iter().any(|vm| vms[vm.0].stop.is_none())).count()
    }

    /// Begins a group's round, after a jump to its earliest event if all of its guests are idle, and after the pause
    /// that the door wants if none was busy in its last round.
    fn begin_round(&mut self, group: usize, vms: &mut [Vm], door: &mut dyn Door) -> Round {
        let slice = self.slice;
        let group = &mut self.groups[group];
        let mut first = None;
        let mut earliest: Option<u64> = None;
        let mut idle = true;
        for id in &group.members {
            let vm = &mut vms[id.0];
            if vm.stop.is_some() {
                continue;
            }
            first = first.or(Some(*id));
            if vm.hart.waiting && !can_wake(vm, door) {
                return Round::Halts(*id);
            }
            idle &= vm.hart.waiting && !interrupt::wakes(&vm.hart, vm.board.external_interrupt()) && !vm.board.virtio_input_waits();
            if let Some(timer) = next_wake(vm) {
                earliest = Some(earliest.map_or(timer, |other| other.min(timer)));
            }
        }
        let Some(first) = first else { return Round::Over };
        let last = earliest.unwrap_or(interrupt::LAST_VT).max(group.start);
        let answer = match group.rest {
            _ if idle => door.idle(first, group.start, earliest.map(|vt| vt.max(group.start))),
            Rest::Waiting => door.pause(first, group.start, last, false),
            Rest::Polling => door.pause(first, group.start, last, true),
            Rest::Yielded => door.pause(first, group.start, group.start, false),
            Rest::Busy => return Round::Begins,
        };
        match answer {
            Idle::Wait => Round::Waits,
            Idle::Until(vt) => {
                let vt = if group.rest == Rest::Yielded && !idle { group.start } else { vt.clamp(group.start, last) };
                // Rounds begin at whole slices from the start, so that a jump does not move later ones.
                group.start += (vt - group.start) / slice * slice;
                for id in &group.members {
                    vms[id.0].hart.skip_to(group.start);
                }
                Round::Begins
            }
        }
    }
}

/// Whether a group's round can begin.
enum Round {
    Begins,
    /// All guests have stopped.
    Over,
    /// The group is idle and time may not go on yet.
    Waits,
    /// This guest is in a `wfi` that nothing can wake.
    Halts(VmId),
}

/// Wakes a guest from `wfi` if an interrupt is pending, or at its timer's vt if that is before the slice's end;
/// else idles the slice away.
fn wake_before(vm: &mut Vm, slice_end: u64) -> bool {
    vm.board.advance(vm.hart.vt);
    let event = next_wake(vm);
    let hart = &mut vm.hart;
    if !interrupt::wakes(hart, vm.board.external_interrupt()) {
        match event.filter(|&vt| vt < slice_end) {
            Some(vt) => {
                hart.skip_to(vt);
                vm.board.advance(vm.hart.vt);
            }
            None => {
                hart.skip_to(slice_end);
                return false;
            }
        }
    }
    vm.hart.waiting = false;
    true
}

/// The vt of the first event of the guest's own that ends its `wfi`.
fn next_wake(vm: &Vm) -> Option<u64> {
    let device = vm.board.next_event().filter(|_| vm.hart.csr.sie & Interrupt::External.bit() != 0);
    interrupt::timer_wake(&vm.hart).into_iter().chain(device).min()
}

/// A guest that takes input by interrupt gets what is there at the start of its slice.
fn receive(vm: &mut Vm, door: &mut dyn Door) {
    vm.board.advance(vm.hart.vt);
    vm.board.begin_slice();
    if vm.board.uart.receives_by_interrupt() || vm.board.virtio_takes_input() {
        fill_input(vm, door);
    }
}
