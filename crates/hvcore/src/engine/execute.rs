//! What each instruction means: one exhaustive match over the table of `rv32`.

use crate::addr::GuestVirt;
use crate::cpu::{Cause, Exception, Privilege, csr, interrupt, trap};
use crate::engine::access::Data;
use crate::engine::{Core, Event, Step, alu};
use crate::exit::{DebugEvent, IoOperation, VmExit};
use crate::memory::Access;
use rv32::{Decoded, Ext, Op};

/// Executes one instruction at pc; `word` is what was fetched. Returns where execution goes on. Nothing but page-table
/// bits has changed when it does not retire.
#[inline]
pub(super) fn execute(core: &mut Core<'_>, decoded: &Decoded, word: u32) -> Step<u32> {
    let i = decoded.insn;
    let hart = &core.vm.hart;
    let pc = hart.pc;
    let next = pc.wrapping_add(u32::from(decoded.len));
    let (a, b) = (hart.get(i.rs1), hart.get(i.rs2));
    let imm = i.imm as u32;
    let branch = |core: &Core<'_>, taken: bool| if taken { jump_target(core, pc.wrapping_add(imm)) } else { Ok(next) };
    let memory = Memory { gva: GuestVirt(a.wrapping_add(imm)), rd: i.rd, instruction_bytes: u32::from(decoded.len) };
    let at = GuestVirt(a);
    let length = u32::from(decoded.len);
    let value = match i.op {
        Op::Lui => imm,
        Op::Auipc => pc.wrapping_add(imm),
        Op::Jal => {
            let target = jump_target(core, pc.wrapping_add(imm))?;
            core.vm.hart.set(i.rd, next);
            return Ok(target);
        }
        Op::Jalr => {
            let target = jump_target(core, a.wrapping_add(imm) & !1)?;
            core.vm.hart.set(i.rd, next);
            return Ok(target);
        }
        Op::Beq => return branch(core, a == b),
        Op::Bne => return branch(core, a != b),
        Op::Blt => return branch(core, (a as i32) < b as i32),
        Op::Bge => return branch(core, a as i32 >= b as i32),
        Op::Bltu => return branch(core, a < b),
        Op::Bgeu => return branch(core, a >= b),

        Op::Lb => memory.load(core, 1, true)? as i8 as u32,
        Op::Lh => memory.load(core, 2, true)? as i16 as u32,
        Op::Lw => memory.load(core, 4, false)?,
        Op::Lbu => memory.load(core, 1, false)?,
        Op::Lhu => memory.load(core, 2, false)?,
        Op::Sb => return memory.store(core, 1, b).map(|()| next),
        Op::Sh => return memory.store(core, 2, b).map(|()| next),
        Op::Sw => return memory.store(core, 4, b).map(|()| next),

        Op::Addi => a.wrapping_add(imm),
        Op::Slti => u32::from((a as i32) < i.imm),
        Op::Sltiu => u32::from(a < imm),
        Op::Xori => a ^ imm,
        Op::Ori => a | imm,
        Op::Andi => a & imm,
        Op::Slli => a << (imm & 31),
        Op::Srli => a >> (imm & 31),
        Op::Srai => (a as i32 >> (imm & 31)) as u32,
        Op::Add => a.wrapping_add(b),
        Op::Sub => a.wrapping_sub(b),
        Op::Sll => a << (b & 31),
        Op::Slt => u32::from((a as i32) < b as i32),
        Op::Sltu => u32::from(a < b),
        Op::Xor => a ^ b,
        Op::Srl => a >> (b & 31),
        Op::Sra => (a as i32 >> (b & 31)) as u32,
        Op::Or => a | b,
        Op::And => a & b,

        // One hart, strongly ordered, no stale translation and no stale code: fences have nothing to do.
        Op::Fence | Op::FenceTso | Op::FenceI => return Ok(next),
        Op::Ecall => return Err(Event::Exit(if core.is_supervisor() { VmExit::Hypercall } else { VmExit::Syscall })),
        Op::Ebreak if core.vm.debug.claim_ebreak => return Err(Event::Exit(VmExit::Debug(DebugEvent::Ebreak))),
        Op::Ebreak => return Err(Event::Raise(Exception::new(Cause::Breakpoint, pc))),

        Op::Csrrw => core.csr(i.imm, true, word, |_| a)?,
        Op::Csrrs => core.csr(i.imm, i.rs1 != 0, word, |old| old | a)?,
        Op::Csrrc => core.csr(i.imm, i.rs1 != 0, word, |old| old & !a)?,
        Op::Csrrwi => core.csr(i.imm, true, word, |_| u32::from(i.rs1))?,
        Op::Csrrsi => core.csr(i.imm, i.rs1 != 0, word, |old| old | u32::from(i.rs1))?,
        Op::Csrrci => core.csr(i.imm, i.rs1 != 0, word, |old| old & !u32::from(i.rs1))?,

        Op::Sret => {
            core.supervisor_only(word)?;
            core.recheck = true;
            return Ok(trap::sret(&mut core.vm.hart));
        }
        Op::Mret | Op::Dret => return Err(privileged(word)),
        Op::Wfi => {
            core.supervisor_only(word)?;
            if interrupt::wakes(&core.vm.hart, core.vm.board.external_interrupt()) {
                return Ok(next);
            }
            return Err(Event::Exit(VmExit::Idle));
        }
        Op::SfenceVma => return core.supervisor_only(word).map(|()| next),

        Op::Mul => a.wrapping_mul(b),
        Op::Mulh => alu::mulh(a, b),
        Op::Mulhsu => alu::mulhsu(a, b),
        Op::Mulhu => alu::mulhu(a, b),
        Op::Div => alu::div(a, b),
        Op::Divu => alu::divu(a, b),
        Op::Rem => alu::rem(a, b),
        Op::Remu => alu::remu(a, b),

        Op::LrW => core.load_reserved(at, length)?,
        Op::ScW => core.store_conditional(at, b, length)?,
        Op::AmoswapW => core.modify(at, length, |_| b)?,
        Op::AmoaddW => core.modify(at, length, |old| old.wrapping_add(b))?,
        Op::AmoxorW => core.modify(at, length, |old| old ^ b)?,
        Op::AmoandW => core.modify(at, length, |old| old & b)?,
        Op::AmoorW => core.modify(at, length, |old| old | b)?,
        Op::AmominW => core.modify(at, length, |old| (old as i32).min(b as i32) as u32)?,
        Op::AmomaxW => core.modify(at, length, |old| (old as i32).max(b as i32) as u32)?,
        Op::AmominuW => core.modify(at, length, |old| old.min(b))?,
        Op::AmomaxuW => core.modify(at, length, |old| old.max(b))?,

        Op::Sh1add => (a << 1).wrapping_add(b),
        Op::Sh2add => (a << 2).wrapping_add(b),
        Op::Sh3add => (a << 3).wrapping_add(b),
        Op::Andn => a & !b,
        Op::Orn => a | !b,
        Op::Xnor => !(a ^ b),
        Op::Max => (a as i32).max(b as i32) as u32,
        Op::Maxu => a.max(b),
        Op::Min => (a as i32).min(b as i32) as u32,
        Op::Minu => a.min(b),
        Op::Rol => a.rotate_left(b & 31),
        Op::Ror => a.rotate_right(b & 31),
        Op::Rori => a.rotate_right(imm & 31),
        Op::Clz => a.leading_zeros(),
        Op::Ctz => a.trailing_zeros(),
        Op::Cpop => a.count_ones(),
        Op::SextB => a as i8 as u32,
        Op::SextH => a as i16 as u32,
        Op::ZextH => a & 0xffff,
        Op::Rev8 => a.swap_bytes(),
        Op::OrcB => alu::orc_b(a),
        Op::Bclr => a & !(1 << (b & 31)),
        Op::Bclri => a & !(1 << (imm & 31)),
        Op::Bext => a >> (b & 31) & 1,
        Op::Bexti => a >> (imm & 31) & 1,
        Op::Binv => a ^ 1 << (b & 31),
        Op::Binvi => a ^ 1 << (imm & 31),
        Op::Bset => a | 1 << (b & 31),
        Op::Bseti => a | 1 << (imm & 31),
    };
    core.vm.hart.set(i.rd, value);
    Ok(next)
}

/// A load or store with `imm(rs1)`.
struct Memory {
    gva: GuestVirt,
    rd: u8,
    instruction_bytes: u32,
}

impl Memory {
    #[inline]
    fn load(&self, core: &mut Core<'_>, width: u32, signed: bool) -> Step<u32> {
        let operation = IoOperation::Load { rd: self.rd, signed };
        core.load(&Data { gva: self.gva, width, access: Access::Load, operation, instruction_bytes: self.instruction_bytes })
    }

    #[inline]
    fn store(&self, core: &mut Core<'_>, width: u32, value: u32) -> Step<()> {
        let operation = IoOperation::Store { value };
        core.store(&Data { gva: self.gva, width, access: Access::Store, operation, instruction_bytes: self.instruction_bytes }, value)
    }
}

/// The instruction needs a privilege that the guest never has, or not now.
fn privileged(word: u32) -> Event {
    Event::Exit(VmExit::PrivilegedInstruction(word))
}

/// A jump's target; without C it must be a multiple of 4.
#[inline]
fn jump_target(core: &Core<'_>, target: u32) -> Step<u32> {
    if target & 2 != 0 && !core.vm.config.isa.contains(Ext::C) {
        return Err(Event::Raise(Exception::new(Cause::InstructionMisaligned, target)));
    }
    Ok(target)
}

impl Core<'_> {
    fn is_supervisor(&self) -> bool {
        self.vm.hart.privilege == Privilege::Supervisor
    }

    fn supervisor_only(&self, word: u32) -> Step<()> {
        if self.is_supervisor() { Ok(()) } else { Err(privileged(word)) }
    }

    /// A CSR instruction: returns the old value; with `write`, the new one is made of it.
    fn csr(&mut self, number: i32, write: bool, word: u32, new: impl FnOnce(u32) -> u32) -> Step<u32> {
        let isa = self.vm.config.isa;
        let row = csr::accessible(&self.vm.hart, isa, number as u16, write).ok_or_else(|| privileged(word))?;
        let old = csr::read(&self.vm.hart, self.vm.board.external_interrupt(), row.csr);
        if write {
            csr::write(&mut self.vm.hart, isa, row, new(old));
            self.recheck = true;
        }
        Ok(old)
    }
}
