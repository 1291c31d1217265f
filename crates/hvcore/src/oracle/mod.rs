//! The oracle: the same guest under two engines, step by step, all state compared.
//!
//! Two hypervisors run one guest each, the one with the stepper, which defines what is right, the other with an engine under
//! test. After each slice, whose lengths differ from one to the next, everything that a guest is must be the same. Between
//! slices both guests suffer the same from outside: interrupt lines, bytes written by DMA; and the engine under test loses
//! its caches now and then, which nobody may notice.

mod program;
#[cfg(test)]
mod tests;
mod words;

pub use words::words;

use crate::addr::GuestPhys;
use crate::config::{HypervisorConfig, VmConfig};
use crate::cpu::csr;
use crate::device::plic::UART_SOURCE;
use crate::door::{ConsoleInput, Door, Idle, Observer};
use crate::engine::cached::Cached;
use crate::engine::stepper::Stepper;
use crate::engine::{Engine, EngineKind};
use crate::exit::VmExit;
use crate::hypervisor::{AddVmError, Hypervisor, RunEnd};
use crate::memory::Access;
use crate::memory::host::HostMemory;
use crate::memory::image::Image;
use crate::vm::{Vm, VmId};
use guest_abi::PAGE_SIZE;
use guest_abi::memory_map::RAM;
use std::fmt;
use std::sync::Arc;

/// A small generator of random numbers (SplitMix64): the same numbers for the same seed, everywhere.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Numbers of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 32 random bits.
    pub fn word(&mut self) -> u32 {
        (self.bits() >> 32) as u32
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.word()) * u64::from(bound)) >> 32) as u32
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// One of several values.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u32) as usize]
    }
}

/// An engine that can be made to forget.
trait Forgetful: Engine {
    fn forget(&mut self);
}

impl Forgetful for Cached {
    fn forget(&mut self) {
        *self = Cached::default();
    }
}

impl Forgetful for Stepper {
    fn forget(&mut self) {
        *self = Stepper::default();
    }
}

/// What was compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Compared {
    /// Programs.
    pub programs: u64,
    /// Steps that both engines did.
    pub steps: u64,
    /// Instructions among them that retired.
    pub instructions: u64,
    /// How often all state was compared.
    pub comparisons: u64,
    /// Traps taken, interrupts included: steps that are no instructions.
    pub traps: u64,
    /// Times that the engine under test lost its caches.
    pub forgotten: u64,
}

impl Compared {
    fn add(&mut self, other: Compared) {
        self.programs += other.programs;
        self.steps += other.steps;
        self.instructions += other.instructions;
        self.comparisons += other.comparisons;
        self.traps += other.traps;
        self.forgotten += other.forgotten;
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} programs, {} steps ({} instructions, {} traps and calls), state compared {} times, caches dropped {} times",
            self.programs, self.steps, self.instructions, self.traps, self.comparisons, self.forgotten
        )
    }
}

/// Two engines disagree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The seed of the program, or its name.
    pub program: String,
    /// Steps at the last comparison that found both the same, and what was executed since then as the stepper sees it.
    pub agreed: u64,
    /// pc at that comparison.
    pub pc: u32,
    /// What differs: the field, the stepper's value, the other's.
    pub fields: Vec<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "engines differ in {}: the same after {} steps, at pc {:#010x}, then", self.program, self.agreed, self.pc)?;
        self.fields.iter().try_for_each(|field| write!(f, "\n  {field}"))
    }
}

/// How a program is driven.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drive {
    /// The longest slice, in steps; slices are between 1 and this, more often short than long.
    pub longest_slice: u32,
    /// Interrupt lines move and bytes are written between slices.
    pub disturb: bool,
    /// The program ends after so many steps, if it does not earlier.
    pub most_steps: u64,
}

/// Runs random programs until `steps` steps were compared. The same seed gives the same programs. `report` sees the sums now
/// and then.
pub fn random_programs(engine: EngineKind, seed: u64, steps: u64, mut report: impl FnMut(&Compared)) -> Result<Compared, Difference> {
    let mut sum = Compared::default();
    let mut random = Random::new(seed);
    let mut next_report = steps / 10;
    while sum.steps < steps {
        let seed = random.bits();
        sum.add(random_program(engine, seed)?);
        if sum.steps >= next_report {
            report(&sum);
            next_report += steps / 10;
        }
    }
    Ok(sum)
}

/// Runs the random program of one seed.
pub fn random_program(engine: EngineKind, seed: u64) -> Result<Compared, Difference> {
    let mut random = Random::new(seed);
    let image = program::generate(&mut random);
    let config = VmConfig { ram_bytes: program::RAM_BYTES, max_reboots: 1, isa: program::isa(&mut random), ..VmConfig::virt("random") };
    let drive = Drive { longest_slice: random.pick(&[8, 40, 200, 1000, 10_000]), disturb: !random.once_in(4), most_steps: 4000 };
    lockstep(engine, &format!("the program of seed {seed:#x}"), image, config, b"console input", drive, random)
}

/// Runs a guest under the stepper and another engine, and compares.
pub fn guest(engine: EngineKind, name: &str, image: Arc<Image>, config: VmConfig, input: &[u8], drive: Drive) -> Result<Compared, Difference> {
    lockstep(engine, name, image, config, input, drive, Random::new(0))
}

fn lockstep(
    engine: EngineKind, name: &str, image: Arc<Image>, config: VmConfig, input: &[u8], drive: Drive, random: Random,
) -> Result<Compared, Difference> {
    match engine {
        EngineKind::Cached => run::<Cached>(Cached::default(), name, image, config, input, drive, random),
        EngineKind::Stepper => run::<Stepper>(Stepper::default(), name, image, config, input, drive, random),
    }
}

/// One of the two.
struct Side<E> {
    hypervisor: Hypervisor<E>,
    world: World,
}

impl<E: Engine> Side<E> {
    fn new(engine: E, image: Arc<Image>, config: VmConfig, input: &[u8]) -> Result<Side<E>, AddVmError> {
        let mut hypervisor = Hypervisor::with_engine(HypervisorConfig::virt(), engine);
        hypervisor.add_vm(image, config)?;
        Ok(Side { hypervisor, world: World { input: input.to_vec(), ..World::default() } })
    }

    /// One slice of so many steps.
    fn slice(&mut self, steps: u32) -> RunEnd {
        self.hypervisor.set_slice(steps);
        self.hypervisor.run(&mut self.world, &mut Nobody)
    }
}

fn run<E: Forgetful>(
    engine: E, name: &str, image: Arc<Image>, config: VmConfig, input: &[u8], drive: Drive, mut random: Random,
) -> Result<Compared, Difference> {
    let refused = |error: AddVmError| Difference { program: name.into(), agreed: 0, pc: 0, fields: vec![format!("refused: {error}")] };
    let mut reference = Side::new(Stepper::default(), image.clone(), config.clone(), input).map_err(refused)?;
    let mut tested = Side::new(engine, image, config, input).map_err(refused)?;
    let mut compared = Compared { programs: 1, ..Compared::default() };
    let (mut agreed, mut pc, mut stuck) = (0, 0, 0);
    loop {
        let slice = 1 + random.below(drive.longest_slice).min(random.below(drive.longest_slice));
        let (end, other) = (reference.slice(slice), tested.slice(slice));
        let mut fields = differences(&reference, &tested);
        if end != other {
            fields.push(format!("end of the slice: {end:?}, {other:?}"));
        }
        compared.comparisons += 1;
        if !fields.is_empty() {
            return Err(Difference { program: name.into(), agreed, pc, fields });
        }
        reference.world.output.clear();
        tested.world.output.clear();
        let vm = &reference.hypervisor.vms()[0];
        // A guest that waits for something that does not come is at its end too.
        stuck = if vm.steps() == agreed { stuck + 1 } else { 0 };
        (agreed, pc) = (vm.steps(), vm.vcpu().pc);
        if end == RunEnd::AllStopped || vm.steps() >= drive.most_steps || stuck > 100 {
            compared.steps = vm.steps();
            compared.instructions = vm.instret();
            compared.traps = vm.steps() - vm.instret();
            return Ok(compared);
        }
        if drive.disturb {
            let blow = Blow::new(&mut random);
            reference.hypervisor.with_vm(VmId(0), |vm, host| blow.strike(vm, host));
            tested.hypervisor.with_vm(VmId(0), |vm, host| blow.strike(vm, host));
        }
        if random.once_in(20) {
            tested.hypervisor.engine_mut().forget();
            compared.forgotten += 1;
        }
    }
}

/// What happens to a guest from outside, between two slices.
enum Blow {
    Nothing,
    Software,
    Line(bool),
    Timer(u64),
    Bytes(GuestPhys, [u8; 4], usize),
}

impl Blow {
    fn new(random: &mut Random) -> Blow {
        match random.below(12) {
            0 => Blow::Software,
            1 | 2 => Blow::Line(random.once_in(2)),
            3 => Blow::Timer(u64::from(random.below(20))),
            4 => {
                let at = RAM.base + random.below(program::RAM_BYTES - 4);
                Blow::Bytes(GuestPhys(at), random.word().to_le_bytes(), 1 + random.below(4) as usize)
            }
            _ => Blow::Nothing,
        }
    }

    fn strike(&self, vm: &mut Vm, host: &mut HostMemory) {
        match self {
            Blow::Nothing => {}
            Blow::Software => vm.hart.csr.software = true,
            Blow::Line(high) => {
                let plic = &mut vm.board.plic;
                let _ = plic.write(4 * UART_SOURCE, 4, 1);
                let _ = plic.write(0x2080, 4, 1 << UART_SOURCE);
                plic.pending = [0; 3];
                plic.claimed = [0; 3];
                plic.set_line(UART_SOURCE, *high);
                let _ = plic.write(0x20_1000, 4, 0); // its output is right again
            }
            Blow::Timer(ticks) => vm.hart.csr.stimecmp = vm.hart.vt / guest_abi::VT_PER_TICK + ticks,
            // As a device would: into pages that have a frame.
            Blow::Bytes(gpa, bytes, count) => {
                for (i, byte) in bytes[..*count].iter().enumerate() {
                    let gpa = gpa.wrapping_add(i as u32);
                    if let Ok(frame) = vm.memory.frame(gpa, Access::Store) {
                        host.bytes_mut(frame, gpa.page_offset(), 1)[gpa.page_offset() as usize] = *byte;
                        vm.hart.break_reservation(gpa);
                    }
                }
            }
        }
    }
}

/// Every part of the state in which the two guests differ.
fn differences<A: Engine, B: Engine>(a: &Side<A>, b: &Side<B>) -> Vec<String> {
    let (left, right) = (&a.hypervisor.vms()[0], &b.hypervisor.vms()[0]);
    let mut fields = Vec::new();
    let (x, y) = (&left.hart, &right.hart);
    if x != y {
        for i in 0..32 {
            if x.x[i] != y.x[i] {
                fields.push(format!("x{i}: {:#010x}, {:#010x}", x.x[i], y.x[i]));
            }
        }
        if x.pc != y.pc {
            fields.push(format!("pc: {:#010x}, {:#010x}", x.pc, y.pc));
        }
        for row in csr::ROWS {
            let (old, new) = (csr::read(x, left.board.external_interrupt(), row.csr), csr::read(y, right.board.external_interrupt(), row.csr));
            if old != new {
                fields.push(format!("{}: {old:#010x}, {new:#010x}", row.name));
            }
        }
        let rest = |h: &crate::cpu::Vcpu| format!("{:?}", (h.privilege, h.reservation, h.instret, h.vt, h.skipped, h.waiting, h.series));
        if rest(x) != rest(y) {
            fields.push(format!("privilege, reservation, instret, vt, idle, waiting, traps: {}\n    {}", rest(x), rest(y)));
        }
    }
    if left.board != right.board {
        fields.push(format!("devices: {:?}\n    {:?}", left.board, right.board));
    }
    if left.counts != right.counts {
        for ((reason, old), (_, new)) in left.counts.iter().zip(right.counts.iter()) {
            if old != new {
                fields.push(format!("exits {}: {old}, {new}", reason.name()));
            }
        }
    }
    if left.stop != right.stop {
        fields.push(format!("stopped: {:?}\n    {:?}", left.stop, right.stop));
    }
    if left.memory.ept().resident() != right.memory.ept().resident() {
        fields.push(format!("pages with frames: {}, {}", left.memory.ept().resident(), right.memory.ept().resident()));
    }
    if a.world.output != b.world.output {
        fields.push(format!("console: {:?}, {:?}", a.world.output, b.world.output));
    }
    memory(a, b, &mut fields);
    fields
}

/// Bytes of RAM that differ: the first few.
fn memory<A: Engine, B: Engine>(a: &Side<A>, b: &Side<B>, fields: &mut Vec<String>) {
    let (left, right) = (&a.hypervisor.vms()[0], &b.hypervisor.vms()[0]);
    let (mut old, mut new) = ([0; PAGE_SIZE as usize], [0; PAGE_SIZE as usize]);
    for (page, frame) in left.memory.ept().frames() {
        let gpa = GuestPhys(RAM.base + page * PAGE_SIZE);
        if fields.len() > 40 {
            return;
        }
        let _ = (frame, left.memory.peek(a.hypervisor.host_memory(), gpa, &mut old));
        right.memory.peek(b.hypervisor.host_memory(), gpa, &mut new);
        if old != new {
            for (i, (old, new)) in old.iter().zip(&new).enumerate().filter(|(_, (old, new))| old != new).take(8) {
                fields.push(format!("memory at {}: {old:#04x}, {new:#04x}", gpa.wrapping_add(i as u32)));
            }
        }
    }
}

/// The world outside: input that is all there from the start, a virtual clock, and a stop after each round.
#[derive(Default)]
struct World {
    input: Vec<u8>,
    taken: usize,
    output: Vec<u8>,
}

impl Door for World {
    fn console_write(&mut self, _: VmId, _: u64, bytes: &[u8]) {
        self.output.extend(bytes);
    }
    fn console_read(&mut self, _: VmId, _: u64, buffer: &mut [u8]) -> ConsoleInput {
        let count = buffer.len().min(self.input.len() - self.taken);
        buffer[..count].copy_from_slice(&self.input[self.taken..self.taken + count]);
        self.taken += count;
        if count == 0 { ConsoleInput::End } else { ConsoleInput::Bytes(count) }
    }
    fn idle(&mut self, _: VmId, _: u64, until: Option<u64>) -> Idle {
        until.map_or(Idle::Wait, Idle::Until)
    }
    fn pause(&mut self, _: VmId, now: u64, _: u64, _: bool) -> Idle {
        Idle::Until(now)
    }
    fn sleep(&mut self) {}
    fn should_stop(&mut self) -> bool {
        true
    }
}

struct Nobody;

impl Observer for Nobody {
    fn wants_steps(&mut self) -> bool {
        false
    }
    fn exit(&mut self, _: &Vm, _: &VmExit) {}
    fn step(&mut self, _: &Vm, _: u32, _: Option<u32>) {}
    fn mark(&mut self, _: &Vm, _: u32, _: u32) {}
    fn stopped(&mut self, _: &Vm) {}
}
