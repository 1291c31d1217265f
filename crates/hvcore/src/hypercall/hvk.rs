//! The vendor extension `HVK` (platform page, "Hypercalls"). Pointers are virtual, in the caller's address space.

use crate::addr::{GuestPhys, GuestVirt};
use crate::cpu::{Cause, Trap};
use crate::exit::Stop;
use crate::handler::Context;
use crate::hypercall::Reply;
use crate::hypercall::buffer::Failure;
use crate::memory::Access;
use crate::report::report;
use guest_abi::PAGE_SIZE;
use guest_abi::memory_map::RAM;
use rand_chacha::rand_core::RngCore;
use guest_abi::sbi::{Hvk, SbiError, info};

/// One exhaustive match: a new function must be decided here.
pub(super) fn call(context: &mut Context<'_>, function: u32, a: [u32; 6]) -> Reply {
    let Some(function) = Hvk::from_number(function) else {
        return Reply::Error(SbiError::NotSupported);
    };
    let result = match function {
        Hvk::Print => print(context, a[0], a[1]),
        Hvk::Exit => return Reply::Halt(Stop::Exit { code: a[0] }),
        Hvk::Read => read(context, a[0], a[1]),
        Hvk::Yield => return Reply::Yield,
        Hvk::Info => fill_info(context, a[0], a[1]),
        Hvk::Panic => panic(context, a[0], a[1]),
        Hvk::Mark => {
            context.observer.mark(context.vm, a[0], a[1]);
            Ok(Reply::Value(0))
        }
        Hvk::Random => random(context, a[0], a[1]),
        Hvk::Balloon => balloon(context, a[0] as i32),
        Hvk::Batch | Hvk::ShmMap | Hvk::ShmUnmap | Hvk::Doorbell | Hvk::Checkpoint => {
            return Reply::Error(SbiError::NotSupported);
        }
    };
    result.unwrap_or_else(|failure| failure.reply(SbiError::InvalidAddress))
}

/// Whether a function is there: its bit in INFO's features.
fn available(function: Hvk) -> bool {
    match function {
        Hvk::Print | Hvk::Exit | Hvk::Read | Hvk::Yield | Hvk::Info | Hvk::Panic | Hvk::Mark | Hvk::Random | Hvk::Balloon => true,
        Hvk::Batch | Hvk::ShmMap | Hvk::ShmUnmap | Hvk::Doorbell | Hvk::Checkpoint => false,
    }
}

fn print(context: &mut Context<'_>, buffer: u32, length: u32) -> Result<Reply, Failure> {
    context.find_virtual(buffer, length, Access::Load)?;
    context.print_found().map(Reply::Value)
}

fn read(context: &mut Context<'_>, buffer: u32, length: u32) -> Result<Reply, Failure> {
    let room = context.find_virtual(buffer, length, Access::Store)?;
    let count = context.read_found(room)?;
    if count == 0 && room > 0 && context.vm.board.input.ended() {
        return Ok(Reply::Error(SbiError::Denied));
    }
    Ok(Reply::Value(count))
}

/// Bytes of the guest's own stream.
fn random(context: &mut Context<'_>, buffer: u32, length: u32) -> Result<Reply, Failure> {
    let room = context.find_virtual(buffer, length, Access::Store)?;
    context.scratch.bytes.clear();
    context.scratch.bytes.resize(room as usize, 0);
    context.vm.random.fill_bytes(&mut context.scratch.bytes);
    context.scatter()?;
    Ok(Reply::Value(room))
}

/// Positive: pages of the guest that hold nothing but zeroes lose their frames, as if they had never been touched, the
/// lowest first. Negative: so many pages that were not touched get theirs. The guest's memory reads the same after it.
fn balloon(context: &mut Context<'_>, pages: i32) -> Result<Reply, Failure> {
    let wanted = pages.unsigned_abs();
    let mut done = 0;
    for page in 0..context.vm.memory.ept().pages() {
        if done == wanted {
            break;
        }
        let gpa = GuestPhys(RAM.base + page * PAGE_SIZE);
        if pages > 0 {
            done += u32::from(context.vm.memory.give_up_zeroes(context.host, gpa));
        } else if !context.vm.memory.is_touched(gpa) {
            context.make_present(gpa, Access::Load)?;
            done += 1;
        }
        context.scratch.moved += 64;
    }
    Ok(Reply::Value(done))
}

fn fill_info(context: &mut Context<'_>, buffer: u32, length: u32) -> Result<Reply, Failure> {
    let length = context.find_virtual(buffer, length, Access::Store)?.min(info::SIZE);
    let features = Hvk::ALL.iter().filter(|&&function| available(function)).fold(0, |bits, function| bits | 1 << function.number());
    let mut bytes = [0; info::SIZE as usize];
    let fields = [
        (info::VM_ID, context.vm.id.0 as u32),
        (info::VM_COUNT, context.surroundings.vm_count as u32),
        (info::RAM_SIZE, context.vm.memory.ram_bytes()),
        (info::SLICE, context.surroundings.slice),
        (info::FEATURES, features),
    ];
    for (offset, value) in fields {
        bytes[offset as usize..offset as usize + 4].copy_from_slice(&value.to_le_bytes());
    }
    context.scratch.bytes.clear();
    context.scratch.bytes.extend_from_slice(&bytes[..length as usize]);
    context.scatter()?;
    Ok(Reply::Value(length))
}

fn panic(context: &mut Context<'_>, message: u32, length: u32) -> Result<Reply, Failure> {
    context.find_virtual(message, length, Access::Load)?;
    context.gather()?;
    let call = Trap { cause: Cause::SupervisorEcall.number(), pc: GuestVirt(context.vm.hart.pc), tval: 0, privilege: context.vm.hart.privilege };
    let report = report(context.vm, context.host, call, call);
    Ok(Reply::Stop(Stop::Panic { message: context.scratch.bytes.clone(), report: Box::new(report) }))
}
