//! The hypervisor core: vCPU, memory, translation, exits, hypercalls, devices, scheduling.
//!
//! ```text
//! Hypervisor
//!  ├─ HostMemory        one bounded pool of 4 KiB frames
//!  ├─ Vm 0 … n
//!  │   ├─ GuestMemory   RAM page → EPT entry: untouched (image, devicetree, zeroes) or a frame; the boot ROM
//!  │   ├─ Vcpu          registers, pc, CSRs, privilege, reservation, time   (plain data)
//!  │   └─ Board         UART, PLIC, test finisher                           (plain data + methods)
//!  ├─ Scheduler         groups in rounds, slices counted in steps
//!  ├─ Engine            executes guest instructions until an exit
//!  └─ Door              everything that is not computed from state
//! ```
//!
//! What a guest sees is the platform page's (`docs/reference/platform.md`) business; this crate keeps its promises.
//! It knows nothing of ELF, files, terminals or the wall clock, and no guest can make it panic.

mod addr;
mod config;
pub mod cpu;
mod debug;
pub mod device;
mod door;
pub mod engine;
mod exit;
mod explain;
mod handler;
mod hash;
mod hypercall;
mod hypervisor;
pub mod memory;
pub mod oracle;
mod report;
mod scheduler;
mod vm;

pub use addr::{GuestPhys, GuestVirt, HostFrame};
pub use config::{DeviceConfig, DeviceKind, HypervisorConfig, VirtualSpace, VmConfig};
pub use cpu::{Cause, Interrupt, Privilege, Trap, Vcpu};
pub use debug::DebugControl;
pub use door::{ConsoleInput, DiskError, Door, Idle, Observer};
pub use engine::{AnyEngine, EngineKind};
pub use exit::{DebugEvent, ExitCounts, GuestPageFault, IoAccess, IoOperation, PowerOff, Stop, VmExit};
pub use guest_abi::ExitReason;
pub use rv32::Ext;
pub use hypervisor::{AddVmError, Hypervisor, RunEnd};
pub use memory::host::{HostMemory, PoolEvents, Share};
pub use memory::swap::{Swap, SwapFailed};
pub use memory::image::{Image, ImageError, Segment};
pub use report::CrashReport;
pub use vm::{HostEvents, Vm, VmId};
