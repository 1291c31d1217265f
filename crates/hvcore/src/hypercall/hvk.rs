//! The vendor extension `HVK` (platform page, "Hypercalls"). Pointers are virtual, in the caller's address space.

use crate::addr::GuestVirt;
use crate::cpu::{Cause, Trap};
use crate::exit::Stop;
use crate::handler::Context;
use crate::hypercall::Reply;
use crate::hypercall::buffer::Failure;
use crate::memory::Access;
use crate::report::report;
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
        Hvk::Batch | Hvk::ShmMap | Hvk::ShmUnmap | Hvk::Doorbell | Hvk::Balloon | Hvk::Checkpoint | Hvk::Random => {
            return Reply::Error(SbiError::NotSupported);
        }
    };
    result.unwrap_or_else(|failure| failure.reply(SbiError::InvalidAddress))
}

/// Whether a function is there: its bit in INFO's features.
fn available(function: Hvk) -> bool {
    match function {
        Hvk::Print | Hvk::Exit | Hvk::Read | Hvk::Yield | Hvk::Info | Hvk::Panic | Hvk::Mark => true,
        Hvk::Batch | Hvk::ShmMap | Hvk::ShmUnmap | Hvk::Doorbell | Hvk::Balloon | Hvk::Checkpoint | Hvk::Random => false,
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
