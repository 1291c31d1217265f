//! How fast the stepper is, in steps per second, and how fast guests start. `cargo bench -p hvcore`.
#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "../tests/common/mod.rs"]
mod common;

use common::*;
use hvcore::{Hypervisor, HypervisorConfig, VmConfig};
use rv32::Op;
use std::time::Instant;

/// A loop with arithmetic, a load, a store and a branch.
fn work(c: &mut Code) {
    c.li(S0, RAM + 0x10000);
    c.label("loop");
    c.i(Op::Lw, T0, S0, 0);
    c.i(Op::Addi, T0, T0, 3);
    c.r(Op::Xor, T1, T0, T1);
    c.s(Op::Sw, T1, S0, 0);
    c.i(Op::Slli, T2, T1, 3);
    c.i(Op::Addi, S1, S1, 1);
    c.j("loop");
}

fn paged(c: &mut Code) {
    c.li(S0, RAM + 0x4000);
    c.li(T0, RAM >> 2 | 0xcf);
    c.li(T1, RAM + 0x4800);
    c.s(Op::Sw, T0, T1, 0);
    c.li(T0, 1 << 31 | (RAM + 0x4000) >> 12);
    c.csrw(csr::SATP, T0);
    work(c);
}

fn main() {
    for (name, program) in [("bare", code(work)), ("paged", code(paged))] {
        let steps = 20_000_000;
        let config = VmConfig { max_steps: Some(steps), ..VmConfig::virt("bench") };
        let start = Instant::now();
        let ran = run_config(&program, config, TestDoor::default());
        let seconds = start.elapsed().as_secs_f64();
        println!("{name}: {:.1} million steps/s", ran.vm().steps() as f64 / seconds / 1e6);
    }
    let program = image(&code(|c| c.op(Op::Wfi)));
    let start = Instant::now();
    let mut hypervisor = Hypervisor::new(HypervisorConfig::virt());
    let guests = 10_000;
    for _ in 0..guests {
        hypervisor.add_vm(program.clone(), VmConfig::virt("guest")).expect("taken");
    }
    println!("add_vm, 128 MiB: {:.1} us", start.elapsed().as_secs_f64() * 1e6 / f64::from(guests));
}
