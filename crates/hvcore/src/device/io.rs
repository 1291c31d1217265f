//! Device accesses of guests: the instruction that left for one is finished here.

use crate::cpu::{Cause, Exception};
use crate::device::{self, BusError, Device, Effect};
use crate::exit::{IoAccess, IoOperation, PowerOff, Stop};
use crate::handler::{Context, fill_input};

impl Context<'_> {
    /// Emulates the access, or gives the guest an access fault.
    pub(crate) fn io_instruction(&mut self, io: IoAccess) {
        let Some((device, offset)) = device::at(io.gpa) else {
            return self.refuse(&io);
        };
        // Input is visible from the vt at which the guest looks; after the access the line must be right again.
        if device == Device::Uart {
            fill_input(self.vm, self.door);
        }
        let vt = self.vm.hart.vt;
        let effect = match io.operation {
            IoOperation::Load { rd, signed } => self.vm.board.read(vt, device, offset, io.width).map(|value| {
                self.vm.hart.set(rd, extend(value, io.width, signed));
                Effect::None
            }),
            IoOperation::Store { value } => self.vm.board.write(vt, device, offset, io.width, value),
            IoOperation::Unsupported => Err(BusError),
        };
        if device == Device::Uart {
            fill_input(self.vm, self.door);
        }
        let Ok(effect) = effect else {
            return self.refuse(&io);
        };
        let next = self.vm.hart.pc.wrapping_add(io.instruction_bytes);
        self.vm.hart.retire(next);
        match effect {
            Effect::None => {}
            Effect::Transmit(byte) => self.console_write(&[byte]),
            Effect::PowerOff { code } => self.halt(Stop::PowerOff { code, by: PowerOff::Finisher }),
            Effect::Reboot => self.reboot(),
            Effect::Virtio(notify) => {
                if self.vm.board.virtio_takes_input() {
                    fill_input(self.vm, self.door);
                }
                self.virtio_work(notify);
            }
        }
    }

    fn refuse(&mut self, io: &IoAccess) {
        self.raise(Exception::new(Cause::access_fault(io.access), io.gva.0));
    }
}

/// What a load of `width` bytes puts into its register.
fn extend(value: u32, width: u32, signed: bool) -> u32 {
    match (width, signed) {
        (1, true) => value as i8 as u32,
        (2, true) => value as i16 as u32,
        (1, false) => value & 0xff,
        (2, false) => value & 0xffff,
        _ => value,
    }
}
