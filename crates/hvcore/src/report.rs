//! Crash reports: what a guest was doing when it stopped, as plain data.

use crate::addr::GuestVirt;
use crate::cpu::{Cause, Privilege, Trap, csr};
use crate::explain::explain;
use crate::memory::Access;
use crate::memory::host::HostMemory;
use crate::vm::Vm;
use rv32::Op;

/// At most this many callers are guessed.
const MAX_CALLERS: usize = 32;
/// Words of stack that are searched for return addresses.
const STACK_WORDS: u32 = 1024;

/// Where a guest was when it crashed or panicked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CrashReport {
    /// What went wrong first: the trap that began the series that ended in the crash. After a panic: the `ecall`.
    pub trap: Trap,
    /// The trap that repeats; usually in the trap handler, or where `stvec` points without one.
    pub repeated: Trap,
    /// x0 to x31. Traps change no register, so these are those of `trap`.
    pub registers: [u32; 32],
    /// Every supervisor CSR by name, in the order of numbers.
    pub csrs: Vec<(&'static str, u32)>,
    /// Bits of the instruction at `trap.pc`, if it can be read.
    pub instruction: Option<u32>,
    /// Addresses after call instructions that `ra` and the stack hold, the innermost first: candidates for the
    /// call chain, not all of them certain.
    pub callers: Vec<GuestVirt>,
    /// With translation on: how the tables treat the address of a page or access fault, a line for each entry.
    pub walk: Vec<String>,
}

/// The report for a guest as it is now.
pub(crate) fn report(vm: &Vm, host: &HostMemory, trap: Trap, repeated: Trap) -> CrashReport {
    let hart = &vm.hart;
    let external = vm.board.external_interrupt();
    let csrs = csr::ROWS.iter().filter(|row| row.privilege == Privilege::Supervisor).map(|row| (row.name, csr::read(hart, external, row.csr))).collect();
    CrashReport {
        trap,
        repeated,
        registers: hart.x,
        csrs,
        instruction: vm.peek_instruction(host, trap.pc),
        callers: callers(vm, host),
        walk: walk(vm, host, &trap),
    }
}

/// The walk that a page or access fault is about.
fn walk(vm: &Vm, host: &HostMemory, trap: &Trap) -> Vec<String> {
    let access = [Access::Fetch, Access::Load, Access::Store]
        .into_iter()
        .find(|&access| [Cause::page_fault(access), Cause::access_fault(access)].iter().any(|cause| cause.number() == trap.cause));
    match access {
        Some(access) if vm.hart.csr.satp >> 31 == 1 => explain(vm, host, GuestVirt(trap.tval), access, trap.privilege),
        Some(_) | None => Vec::new(),
    }
}

/// Return addresses in `ra` and up the stack: even, and after a call.
fn callers(vm: &Vm, host: &HostMemory) -> Vec<GuestVirt> {
    let mut found = Vec::new();
    let return_address = GuestVirt(vm.hart.get(1));
    if follows_call(vm, host, return_address) {
        found.push(return_address);
    }
    let mut in_register = found.first().copied();
    let stack = vm.hart.get(2) & !3;
    for i in 0..STACK_WORDS {
        if found.len() == MAX_CALLERS {
            break;
        }
        let mut word = [0; 4];
        if !vm.peek(host, GuestVirt(stack.wrapping_add(4 * i)), &mut word) {
            break;
        }
        let address = GuestVirt(u32::from_le_bytes(word));
        if follows_call(vm, host, address) {
            // The innermost function may have saved the `ra` that is still in the register: the same call, once.
            if in_register.take() != Some(address) {
                found.push(address);
            }
        }
    }
    found
}

/// Whether the instruction before `address` is a jump that leaves `address` in `ra`.
fn follows_call(vm: &Vm, host: &HostMemory, address: GuestVirt) -> bool {
    if address.0 & 1 == 1 {
        return false;
    }
    [4, 2].into_iter().any(|length| {
        let at = GuestVirt(address.0.wrapping_sub(length));
        vm.peek_instruction(host, at).and_then(|word| rv32::decode_on_hart(vm.config.isa, word)).is_some_and(|decoded| {
            u32::from(decoded.len) == length && matches!(decoded.insn.op, Op::Jal | Op::Jalr) && decoded.insn.rd == 1
        })
    })
}
