//! Single instructions: any word, in either mode, under both engines.

use super::{Difference, Random, Side, differences};
use crate::addr::GuestPhys;
use crate::config::VmConfig;
use crate::cpu::{Privilege, Vcpu};
use crate::engine::Engine;
use crate::engine::cached::Cached;
use crate::engine::stepper::Stepper;
use crate::memory::Access;
use crate::memory::host::HostMemory;
use crate::memory::image::{Image, Segment};
use crate::vm::Vm;
use guest_abi::PAGE_SIZE;
use guest_abi::memory_map::{RAM, UART0};
use std::sync::Arc;

const RAM_BYTES: u32 = 4 * PAGE_SIZE;
/// `j .`: what follows the word, and what traps lead to.
const STAY: u32 = 0x0000_006f;
/// Steps of each: the word, and what shows that it is done.
const STEPS: u32 = 5;
const HANDLER: u32 = RAM.base + 0x800;

/// Executes each word once in S-mode and once in U-mode, under the stepper and under the cached interpreter, and compares all
/// state. Returns how many were executed.
pub fn words(words: impl Iterator<Item = u32>) -> Result<u64, Difference> {
    let bytes = vec![0; RAM_BYTES as usize];
    let segment = Segment { name: "word".into(), gpa: GuestPhys(RAM.base), file_offset: 0, file_bytes: RAM_BYTES, memory_bytes: RAM_BYTES };
    let failed = |what: String| Difference { program: "single words".into(), agreed: 0, pc: 0, fields: vec![what] };
    let image = Arc::new(Image::new(bytes.into(), GuestPhys(RAM.base), vec![segment], 0).map_err(|e| failed(e.to_string()))?);
    let config = VmConfig { ram_bytes: RAM_BYTES, max_reboots: u32::MAX, ..VmConfig::virt("word") };
    let mut reference = Side::new(Stepper::default(), image.clone(), config.clone(), b"").map_err(|e| failed(e.to_string()))?;
    let mut tested = Side::new(Cached::default(), image, config, b"").map_err(|e| failed(e.to_string()))?;
    let mut random = Random::new(0);
    let mut executed = 0;
    for word in words {
        for privilege in [Privilege::Supervisor, Privilege::User] {
            let case = Case::new(word, privilege, &mut random);
            case.run(&mut reference);
            case.run(&mut tested);
            executed += 1;
            let (a, b) = (&reference.hypervisor.vms()[0], &tested.hypervisor.vms()[0]);
            let same = a.hart == b.hart && a.stop == b.stop && a.board == b.board && a.counts == b.counts;
            // Memory as a whole only now and then: what a store did wrong stays wrong.
            if !same || executed % 128 == 0 {
                let fields = differences(&reference, &tested);
                if !fields.is_empty() {
                    let program = format!("the word {word:#010x} in {privilege:?} mode (memory: or up to 64 words before)");
                    return Err(Difference { program, agreed: 0, pc: case.pc, fields });
                }
            }
        }
    }
    Ok(executed)
}

struct Case {
    word: u32,
    pc: u32,
    privilege: Privilege,
    registers: [u32; 32],
}

impl Case {
    fn new(word: u32, privilege: Privilege, random: &mut Random) -> Case {
        // At the end of a page too.
        let pc = RAM.base + if random.once_in(8) { PAGE_SIZE - 2 } else { 0x100 };
        let registers = std::array::from_fn(|i| match random.below(8) {
            _ if i == 0 => 0,
            0 => random.word(),
            1 => random.below(4),
            2 => UART0.base + random.below(8),
            3 => RAM.base + 2 * PAGE_SIZE - 2,
            _ => RAM.base + PAGE_SIZE + 4 * random.below(2 * PAGE_SIZE / 4) - u32::from(random.once_in(4)),
        });
        Case { word, pc, privilege, registers }
    }

    fn run<E: Engine>(&self, side: &mut Side<E>) {
        side.hypervisor.with_vm(crate::vm::VmId(0), |vm, host| self.prepare(vm, host));
        side.slice(STEPS);
        side.world.output.clear();
    }

    fn prepare(&self, vm: &mut Vm, host: &mut HostMemory) {
        let old = &vm.hart;
        let fresh = Vcpu::new(GuestPhys(self.pc), GuestPhys(0), 0);
        let mut hart = Vcpu { x: self.registers, privilege: self.privilege, instret: old.instret, vt: old.vt, skipped: old.skipped, ..fresh };
        hart.csr.stvec = HANDLER;
        hart.csr.scounteren = 2;
        hart.csr.sepc = HANDLER;
        vm.hart = hart;
        vm.stop = None;
        for (at, word) in [(self.pc, self.word), (self.pc.wrapping_add(if self.word & 3 == 3 { 4 } else { 2 }), STAY), (HANDLER, STAY)] {
            for (i, byte) in word.to_le_bytes().into_iter().enumerate() {
                let gpa = GuestPhys(at.wrapping_add(i as u32));
                if vm.memory.frame(gpa, Access::Store).is_err() {
                    let _ = vm.memory.load_page(host, gpa, Access::Store);
                }
                if let Ok(frame) = vm.memory.frame(gpa, Access::Store) {
                    host.bytes_mut(frame, gpa.page_offset(), 1)[gpa.page_offset() as usize] = byte;
                }
            }
        }
    }
}
