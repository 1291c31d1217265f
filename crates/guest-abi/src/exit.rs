//! Reasons of VM exits, and the exit statuses of `hvrun`.

macro_rules! reasons {
    ($($variant:ident $cause:literal $summary:literal;)*) => {
        /// Why the hypervisor got control back from a guest (platform page, "VM exits").
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ExitReason { $(#[doc = $summary] $variant,)* }

        impl ExitReason {
            /// Every reason, in the order of the platform page.
            pub const ALL: &[ExitReason] = &[$(ExitReason::$variant),*];
            /// How many reasons there are.
            pub const COUNT: usize = ExitReason::ALL.len();
            /// The name, as `--stats` and `--trace exits` print it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(ExitReason::$variant => stringify!($variant),)* }
            }
            /// What in the guest causes it.
            #[must_use]
            pub const fn cause(self) -> &'static str {
                match self { $(ExitReason::$variant => $cause,)* }
            }
            /// What the hypervisor does.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self { $(ExitReason::$variant => $summary,)* }
            }
        }
    };
}

reasons! {
    PrivilegedInstruction "an instruction or CSR above the guest's privilege, or an undefined encoding"
        "emulated where the platform promises it, else an illegal-instruction trap into the guest";
    IoInstruction "a load or store to a device window of guest-physical memory"
        "the device emulates it; nothing there: an access fault into the guest";
    PageFault "a guest-physical page that is not present in the EPT"
        "loaded from the image, from swap, or zeroes; not RAM at all: an access fault into the guest";
    Hypercall "`ecall` in S-mode" "an SBI or HVK service";
    Syscall "`ecall` in U-mode" "forwarded to the guest's kernel: a trap into its `stvec`";
    Halt "`wfi` that nothing can wake, or a shutdown or EXIT call" "the VM stops, its exit code is kept";
    TimeSlice "the steps of the slice are done" "back to the scheduler";
    Idle "`wfi` that a timer, a device or another guest can wake" "the scheduler runs another guest, or waits";
    Interrupt "an interrupt became pending and enabled" "injected before the next instruction";
    Debug "breakpoint, watchpoint, single step" "to the debugger";
    Crash "a trap identical in cause, pc and tval to the one before, with no instruction retired between"
        "the VM stops with a report";
}

macro_rules! statuses {
    ($($variant:ident $code:literal $summary:literal;)*) => {
        /// An exit status of `hvrun` that is not a guest's code (platform page, "Exit status of hvrun").
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Status { $(#[doc = $summary] $variant,)* }

        impl Status {
            /// Every status.
            pub const ALL: &[Status] = &[$(Status::$variant),*];
            /// The number that the shell sees.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self { $(Status::$variant => $code,)* }
            }
            /// One line of documentation.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self { $(Status::$variant => $summary,)* }
            }
        }
    };
}

statuses! {
    CodeOutOfRange 123 "the guest's code is above 123 (`--json` has all 32 bits)";
    Limit 124 "a limit (`--timeout`, `--max-instructions`) was reached";
    Failure 125 "wrong usage, or hvrun's own failure";
    Refused 126 "source, image or snapshot refused";
    Interrupted 130 "interrupted";
    Crashed 134 "a guest crashed or panicked";
    Terminated 143 "terminated";
}

/// The largest exit code of a guest that `hvrun` passes on as it is.
pub const MAX_GUEST_CODE: u32 = 123;
