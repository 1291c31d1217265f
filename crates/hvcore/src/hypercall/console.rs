//! Console calls: DBCN (SBI 2.0, chapter 12), and what the HVK and legacy calls share with it.

use crate::door::ConsoleInput;
use crate::handler::Context;
use crate::hypercall::Reply;
use crate::hypercall::buffer::Failure;
use crate::memory::Access;
use guest_abi::sbi::SbiError;

pub(super) fn dbcn(context: &mut Context<'_>, function: u32, a: [u32; 6]) -> Reply {
    let [bytes, low, high, ..] = a;
    let result = match function {
        0 | 1 if high != 0 => Err(Failure::BadAddress), // no memory above 32 bits
        0 => write_physical(context, low, bytes),
        1 => read_physical(context, low, bytes),
        2 => {
            context.console_write(&[bytes as u8]);
            Ok(0)
        }
        _ => return Reply::Error(SbiError::NotSupported),
    };
    result.map_or_else(|failure| failure.reply(SbiError::InvalidParam), Reply::Value)
}

fn write_physical(context: &mut Context<'_>, gpa: u32, bytes: u32) -> Result<u32, Failure> {
    context.find_physical(gpa, bytes, Access::Load)?;
    context.print_found()
}

fn read_physical(context: &mut Context<'_>, gpa: u32, bytes: u32) -> Result<u32, Failure> {
    let room = context.find_physical(gpa, bytes, Access::Store)?;
    context.read_found(room)
}

impl Context<'_> {
    /// Console output of the guest, by any way but a virtio console.
    pub fn console_write(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.vm.board.printed_elsewhere = true;
            self.door.console_write(self.vm.id, self.vm.hart.vt, bytes);
        }
    }

    /// Writes the buffer that was found to the console; returns how many bytes.
    pub fn print_found(&mut self) -> Result<u32, Failure> {
        self.gather()?;
        if !self.scratch.bytes.is_empty() {
            self.vm.board.printed_elsewhere = true;
            self.door.console_write(self.vm.id, self.vm.hart.vt, &self.scratch.bytes);
        }
        Ok(self.scratch.bytes.len() as u32)
    }

    /// Reads what input there is, at most `bytes`, into the buffer that was found; returns how many bytes.
    pub fn read_found(&mut self, bytes: u32) -> Result<u32, Failure> {
        self.scratch.bytes.clear();
        let mut chunk = [0; 4096];
        loop {
            let room = (bytes as usize - self.scratch.bytes.len()).min(chunk.len());
            let count = self.console_read(&mut chunk[..room]);
            if count == 0 {
                break;
            }
            self.scratch.bytes.extend_from_slice(&chunk[..count]);
        }
        self.vm.board.update_lines();
        self.scatter()?;
        Ok(self.scratch.bytes.len() as u32)
    }

    /// Takes input: first what waits in the UART, then what comes through the door. 0: nothing there now, or no room.
    pub fn console_read(&mut self, buffer: &mut [u8]) -> usize {
        if buffer.is_empty() {
            return 0;
        }
        let input = &mut self.vm.board.input;
        let waiting = input.take(buffer);
        if waiting > 0 || input.ended() {
            return waiting;
        }
        match self.door.console_read(self.vm.id, self.vm.hart.vt, buffer) {
            ConsoleInput::Bytes(count) => count.min(buffer.len()),
            ConsoleInput::Nothing => {
                self.vm.looked_in_vain = true;
                0
            }
            ConsoleInput::End => {
                input.end();
                0
            }
        }
    }
}
