//! Hostile guests: random code, random CSRs, random page tables. Whatever they do, the host goes on, the run is the
//! same each time, and a guest beside them is not touched.

mod common;
use common::*;
use hvcore::{Hypervisor, HypervisorConfig, RunEnd, VmConfig, VmId};
use proptest::prelude::*;
use rv32::{Insn, Op, Operand};

/// A word that is more often than not an instruction.
fn word() -> impl Strategy<Value = u32> {
    let instruction = (0..Op::ALL.len(), any::<u32>()).prop_map(|(index, bits)| {
        let row = Op::ALL[index].row();
        row.bits | bits & !row.mask
    });
    let csr = (prop::sample::select(vec![0x100u32, 0x104, 0x105, 0x106, 0x10a, 0x140, 0x141, 0x142, 0x143, 0x144, 0x14d, 0x15d, 0x180, 0xc00, 0xc01]), any::<u32>())
        .prop_map(|(number, bits)| number << 20 | bits & 0x000f_8f80 | [0x1073, 0x2073, 0x3073, 0x5073, 0x6073, 0x7073][(bits >> 28) as usize % 6]);
    prop_oneof![4 => instruction, 1 => csr, 1 => any::<u32>(), 1 => Just(0x0000_0073), 1 => Just(0x1020_0073)]
}

/// Code that gives registers and CSRs hostile values, then random words; RAM is small, so that addresses meet.
fn guest(words: &[u32], registers: &[u32], satp: u32, user: bool, stvec: u32) -> Vec<u8> {
    code(|c| {
        c.li(T0, stvec);
        c.csrw(csr::STVEC, T0);
        c.li(T0, RAM + 0x200);
        c.csrw(csr::SEPC, T0);
        c.li(T0, if user { 0x0c_0020 } else { 0x0c_0120 });
        c.csrw(csr::SSTATUS, T0);
        c.li(T0, 0x222);
        c.csrw(csr::SIE, T0);
        for (number, &value) in (1..32).zip(registers) {
            c.li(number, value);
        }
        c.li(T0, satp);
        c.csrw(csr::SATP, T0);
        c.op(Op::Sret);
        c.org(0x200);
        for &word in words {
            c.word(word);
        }
    })
}

/// Values that lie where something is.
fn value() -> impl Strategy<Value = u32> {
    prop_oneof![
        3 => RAM..RAM + 0x5000,
        1 => 0x1000u32..0x1100,
        1 => prop_oneof![Just(UART), Just(UART + 5), Just(PLIC + 40), Just(PLIC + 0x20_1004), Just(FINISHER), Just(HVK)],
        1 => any::<u32>(),
        1 => 0u32..20,
    ]
}

const NEIGHBOUR: &[u8] = b"still here";

fn neighbour() -> Vec<u8> {
    code(|c| {
        c.li(T0, 30_000);
        c.label("spin");
        c.i(Op::Addi, T0, T0, -1);
        c.branch(Op::Bne, T0, ZERO, "spin");
        c.la(A0, "text");
        c.li(A1, NEIGHBOUR.len() as u32);
        c.hvk(0);
        c.exit(5);
        c.label("text");
        c.text(NEIGHBOUR);
    })
}

fn run_beside_a_neighbour(program: &[u8], config: &VmConfig) -> (Hypervisor, TestDoor) {
    let bounded = HypervisorConfig { host_memory_bytes: 32 * 4096, ..HypervisorConfig::virt() };
    let mut hypervisor = Hypervisor::new(bounded);
    hypervisor.add_vm(image(program), config.clone()).expect("taken");
    hypervisor.add_vm(image(&neighbour()), small("neighbour")).expect("taken");
    let mut door = TestDoor { input: b"some input".to_vec(), ..TestDoor::default() };
    assert_eq!(hypervisor.run(&mut door, &mut Notes::default()), RunEnd::AllStopped);
    (hypervisor, door)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_guests_harm_nobody(
        words in prop::collection::vec(word(), 200),
        registers in prop::collection::vec(value(), 31),
        satp in prop_oneof![Just(0u32), (0u32..6).prop_map(|page| 0x8000_0000 | ((RAM >> 12) + page)), any::<u32>()],
        user in any::<bool>(),
        stvec in prop_oneof![Just(RAM + 0x200), Just(RAM + 0x381), Just(RAM + 0x1000), value()],
    ) {
        let program = guest(&words, &registers, satp, user, stvec);
        let config = VmConfig { ram_bytes: 0x5000, max_steps: Some(40_000), max_reboots: 2, ..VmConfig::virt("random") };
        let (a, door) = run_beside_a_neighbour(&program, &config);
        let (b, _) = run_beside_a_neighbour(&program, &config);
        prop_assert_eq!(a.state_hash(VmId(0)), b.state_hash(VmId(0)), "the same each time");
        prop_assert_eq!(door.output.get(&1).map(Vec::as_slice), Some(NEIGHBOUR));
        prop_assert_eq!(a.vms()[1].stop().and_then(hvcore::Stop::code), Some(5));
        prop_assert!(a.host_memory().frames_in_use() <= 32);
        prop_assert!(a.vms()[0].vcpu().x[0] == 0 && a.vms()[0].vcpu().pc & 1 == 0);
        prop_assert!(a.vms()[0].instret() <= a.vms()[0].steps());
    }

    #[test]
    fn random_hypercalls_harm_nobody(
        calls in prop::collection::vec((prop::sample::select(vec![0u32, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x10, 0x5449_4D45, 0x0073_5049, 0x5246_4E43, 0x0048_534D, 0x5352_5354, 0x4442_434E, 0x5355_5350, HVK, HVK, HVK, HVK]), 0u32..15, [value(), value(), value(), value(), value(), value()]), 12),
    ) {
        let program = code(|c| {
            for (extension, function, arguments) in &calls {
                for (register, &value) in (A0..).zip(arguments) {
                    c.li(register, value);
                }
                c.hypercall(*extension, *function);
            }
            c.exit(0);
        });
        let config = VmConfig { ram_bytes: 0x5000, max_steps: Some(40_000), max_reboots: 2, ..VmConfig::virt("caller") };
        let (a, door) = run_beside_a_neighbour(&program, &config);
        prop_assert!(a.vms()[0].stop().is_some());
        prop_assert_eq!(door.output.get(&1).map(Vec::as_slice), Some(NEIGHBOUR));
    }
}

/// Every 16-bit word, and every row of the table with random operands, executed once in both modes.
#[test]
fn every_halfword_and_every_row_is_executed() {
    let mut words: Vec<u32> = (0..0x1_0000).filter(|half| half & 3 != 3).collect();
    for op in Op::ALL {
        let row = op.row();
        for seed in 0..8u32 {
            let mut word = rv32::encode(&Insn::new(op));
            for operand in row.operands {
                word |= operand.mask() & seed.wrapping_mul(0x9e37_79b9).rotate_left(u32::from(seed as u8) * 3);
            }
            words.push(word & !(row.mask & !row.bits));
        }
        assert!(row.operands.iter().all(|operand| *operand != Operand::Symbol));
    }
    let images: Vec<_> = [0u32, 0x100].map(|privilege| {
        code(|c| {
            c.enter("word", privilege);
        })
    }).into();
    let mut executed = 0;
    for program in &images {
        for chunk in words.chunks(256) {
            let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
            for word in chunk {
                let program = [program.as_slice(), &word.to_le_bytes(), &[0; 8]].concat();
                let config = VmConfig { ram_bytes: 0x4000, max_steps: Some(40), ..VmConfig::virt("word") };
                hypervisor.add_vm(image(&program), config).expect("taken");
            }
            let ran = finish(hypervisor, TestDoor::default());
            for vm in ran.hypervisor.vms() {
                assert!(vm.stop().is_some() && vm.steps() >= 7, "the word was reached");
                executed += 1;
            }
        }
    }
    assert_eq!(executed, 2 * words.len());
    assert!(executed > 2 * 49_000);
}
