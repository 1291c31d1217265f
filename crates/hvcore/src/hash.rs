//! The state hash: equal exactly when two guests are the same machine at the same instant.

use crate::device::virtio::{Kind, Slot};
use crate::memory::host::HostMemory;
use crate::vm::Vm;
use blake3::Hasher;
use guest_abi::ExitReason;

/// BLAKE3 over everything that a guest is: registers, CSRs, RAM, devices, counts, time, its end. Which pages have frames,
/// EPT bits and a debugger's wishes are the host's and stay out.
pub(crate) fn state_hash(vm: &Vm, host: &HostMemory) -> [u8; 32] {
    let mut hasher = Hasher::new();
    configuration(&mut hasher, vm);
    hart(&mut hasher, vm);
    devices(&mut hasher, vm);
    counts(&mut hasher, vm);
    let end = vm.stop.as_ref().map_or_else(String::new, ToString::to_string);
    long(&mut hasher, end.len() as u64);
    hasher.update(end.as_bytes());
    vm.memory.for_each_nonzero_page(host, |page, contents| {
        word(&mut hasher, page);
        hasher.update(contents);
    });
    *hasher.finalize().as_bytes()
}

fn word(hasher: &mut Hasher, value: u32) {
    hasher.update(&value.to_le_bytes());
}

fn long(hasher: &mut Hasher, value: u64) {
    hasher.update(&value.to_le_bytes());
}

fn flag(hasher: &mut Hasher, value: bool) {
    hasher.update(&[u8::from(value)]);
}

/// A value that may be absent: a flag, then the value or 0.
fn option(hasher: &mut Hasher, value: Option<u32>) {
    flag(hasher, value.is_some());
    word(hasher, value.unwrap_or(0));
}

fn configuration(hasher: &mut Hasher, vm: &Vm) {
    word(hasher, vm.memory.ram_bytes());
    word(hasher, vm.memory.devicetree_at().0);
    long(hasher, vm.memory.devicetree().len() as u64);
    hasher.update(vm.memory.devicetree());
    word(hasher, vm.reboots);
    hasher.update(&vm.random.get_seed());
    long(hasher, vm.random.get_stream());
    hasher.update(&vm.random.get_word_pos().to_le_bytes());
}

fn hart(hasher: &mut Hasher, vm: &Vm) {
    let hart = &vm.hart;
    for &register in &hart.x {
        word(hasher, register);
    }
    word(hasher, hart.pc);
    hasher.update(&[hart.privilege as u8]);
    let c = &hart.csr;
    let words = [c.sstatus, c.sie, c.stvec, c.scounteren, c.senvcfg, c.sscratch, c.sepc, c.scause, c.stval, c.satp];
    for value in words {
        word(hasher, value);
    }
    flag(hasher, c.software);
    long(hasher, c.stimecmp);
    option(hasher, hart.reservation.map(|gpa| gpa.0));
    long(hasher, hart.instret);
    long(hasher, hart.vt);
    long(hasher, hart.skipped);
    flag(hasher, hart.waiting);
    // A series of traps that an instruction has ended is no state any more.
    let series = hart.series.filter(|series| series.instret == hart.instret);
    flag(hasher, series.is_some());
    if let Some(series) = series {
        for trap in [series.first, series.last] {
            for value in [trap.cause, trap.pc.0, trap.tval, trap.privilege as u32] {
                word(hasher, value);
            }
        }
    }
}

fn devices(hasher: &mut Hasher, vm: &Vm) {
    let uart = &vm.board.uart;
    hasher.update(&[uart.ier, uart.fcr, uart.lcr, uart.mcr, uart.scr, uart.divisor[0], uart.divisor[1], uart.quiet]);
    flag(hasher, uart.transmit_pending);
    flag(hasher, uart.transmit_told);
    option(hasher, uart.looped.map(u32::from));
    let input = &vm.board.input;
    long(hasher, input.waiting().len() as u64);
    hasher.update(input.waiting());
    flag(hasher, input.ended());
    flag(hasher, vm.board.printed_elsewhere);
    let rtc = &vm.board.rtc;
    long(hasher, rtc.start);
    word(hasher, rtc.time_high);
    word(hasher, rtc.alarm_high);
    flag(hasher, rtc.alarm.is_some());
    long(hasher, rtc.alarm.unwrap_or(0));
    flag(hasher, rtc.pending);
    flag(hasher, rtc.enabled);
    for slot in &vm.board.virtio {
        virtio(hasher, slot);
    }
    let plic = &vm.board.plic;
    hasher.update(&plic.priority);
    hasher.update(&plic.threshold);
    for set in [plic.pending, plic.claimed, plic.lines].iter().chain(&plic.enabled) {
        for &value in set {
            word(hasher, value);
        }
    }
}

fn virtio(hasher: &mut Hasher, slot: &Slot) {
    flag(hasher, slot.legacy);
    flag(hasher, slot.broken);
    flag(hasher, slot.told);
    flag(hasher, slot.starved);
    hasher.update(&[slot.status, slot.page_shift, slot.quiet]);
    for value in [slot.interrupts, slot.device_half, slot.driver_half, slot.selected].into_iter().chain(slot.align) {
        word(hasher, value);
    }
    long(hasher, slot.features);
    for queue in &slot.queues {
        for value in [queue.size, queue.next_avail, queue.next_used] {
            word(hasher, value.into());
        }
        flag(hasher, queue.ready);
        for address in [queue.desc_table, queue.avail_ring, queue.used_ring] {
            long(hasher, address);
        }
    }
    // What the device is stands in the devicetree's slot; what is its own:
    match &slot.kind {
        Kind::Block(block) => {
            long(hasher, block.sectors);
            flag(hasher, block.read_only);
        }
        Kind::Balloon(balloon) => word(hasher, balloon.actual),
        Kind::Entropy | Kind::Console => {}
    }
}

fn counts(hasher: &mut Hasher, vm: &Vm) {
    for (reason, count) in vm.counts.iter() {
        // A debugger's stops are the host's doing.
        if reason != ExitReason::Debug {
            long(hasher, count);
        }
    }
}
