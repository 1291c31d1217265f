//! The state hash, and the trace of steps.

mod common;
use common::*;
use hvcore::{Hypervisor, HypervisorConfig, VmConfig, VmId};
use rv32::Op;

fn echo() -> Vec<u8> {
    code(|c| {
        c.label("again");
        c.la(A0, "buffer");
        c.li(A1, 7);
        c.hvk(2);
        c.branch(Op::Bne, A0, ZERO, "done");
        c.la(A0, "buffer");
        c.hvk(0);
        c.csrr(S0, csr::TIME);
        c.j("again");
        c.label("done");
        c.exit(0);
        c.label("buffer");
        c.text(&[0; 8]);
    })
}

fn input(text: &[u8]) -> TestDoor {
    TestDoor { input: text.to_vec(), ..TestDoor::default() }
}

#[test]
fn two_runs_with_the_same_input_are_the_same() {
    let run = |text: &[u8], seed| run_config(&echo(), VmConfig { seed, ..small("echo") }, input(text));
    let (a, b) = (run(b"some input, a few calls long", 0), run(b"some input, a few calls long", 0));
    assert_eq!((a.output(), a.output()), (b"some input, a few calls long".as_slice(), b.output()));
    let hash = |ran: &Ran| ran.hypervisor.state_hash(VmId(0));
    assert_eq!(hash(&a), hash(&b));
    assert_eq!(a.notes.exits, b.notes.exits);
    assert_ne!(hash(&a), hash(&run(b"some input, a few calls lonG", 0)));
    assert_ne!(hash(&a), hash(&run(b"some input, a few calls long", 1)), "the seed is in the devicetree");
}

#[test]
fn guests_do_not_disturb_each_other() {
    let alone = run_config(&echo(), small("echo"), input(b"abcdefgh"));
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    hypervisor.add_vm(image(&echo()), small("echo")).expect("taken");
    let wild = code(|c| {
        c.li(T0, RAM);
        c.label("wipe");
        c.s(Op::Sw, ZERO, T0, 0x7f);
        c.i(Op::Addi, T0, T0, 0x7f);
        c.j("wipe");
    });
    hypervisor.add_vm(image(&wild), small("wild")).expect("taken");
    let ran = finish(hypervisor, input(b"abcdefgh"));
    assert_eq!(ran.hypervisor.state_hash(VmId(0)), alone.hypervisor.state_hash(VmId(0)));
}

#[test]
fn tracing_steps_changes_nothing_and_sees_each_step() {
    let quiet = run_config(&echo(), small("echo"), input(b"some input"));
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    hypervisor.add_vm(image(&echo()), small("echo")).expect("taken");
    let (mut door, mut notes) = (input(b"some input"), Notes { steps: Some(Vec::new()), ..Notes::default() });
    hypervisor.run(&mut door, &mut notes);
    assert_eq!(hypervisor.state_hash(VmId(0)), quiet.hypervisor.state_hash(VmId(0)));
    assert_eq!(notes.exits, quiet.notes.exits);
    let steps = notes.steps.expect("steps");
    assert_eq!(steps.len() as u64, hypervisor.vms()[0].steps());
    assert_eq!(steps[0].0, RAM);
    assert!(steps.iter().all(|(_, bits)| bits.is_some()));
}
