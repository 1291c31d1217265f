//! Hypercalls: the SBI extensions and our vendor extension `HVK`, numbers only.
//!
//! Calling convention (SBI 2.0, chapter 3): `ecall` with a7 = extension, a6 = function, a0–a5
//! arguments; back in a0 = error, a1 = value. The legacy extensions 0–8 (chapter 5) answer in a0
//! alone and keep a1.

/// The `mvendorid` that the guest sees; its low 24 bits are those of [`Extension::Hvk`], as SBI
/// demands of vendor extensions (SBI 2.0, chapter 18). The letters "HVK".
pub const MVENDORID: u32 = 0x48_564B;
/// `sbi_get_impl_id`: not a registered number (the list ends below 16 as this is written).
pub const IMPLEMENTATION_ID: u32 = 0x48_564B;
/// `sbi_get_spec_version`: 2.0, major in bits 30:24.
pub const SPEC_VERSION: u32 = 0x0200_0000;

macro_rules! extensions {
    ($($variant:ident $name:literal $id:literal $functions:expr, $summary:literal;)*) => {
        /// An SBI extension that the platform knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Extension { $(#[doc = $summary] $variant,)* }

        impl Extension {
            /// Every extension, in the order of ids.
            pub const ALL: &[Extension] = &[$(Extension::$variant),*];

            /// The extension with this id (a7).
            #[must_use]
            pub const fn from_id(id: u32) -> Option<Extension> {
                match id { $($id => Some(Extension::$variant),)* _ => None }
            }
            /// The extension id (a7).
            #[must_use]
            pub const fn id(self) -> u32 {
                match self { $(Extension::$variant => $id,)* }
            }
            /// The specification's name, in capitals.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Extension::$variant => $name,)* }
            }
            /// The functions (a6) by number.
            #[must_use]
            pub const fn functions(self) -> &'static [&'static str] {
                match self { $(Extension::$variant => $functions,)* }
            }
            /// One line of documentation.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self { $(Extension::$variant => $summary,)* }
            }
        }
    };
}

extensions! {
    LegacySetTimer "LEGACY_SET_TIMER" 0x00 &[], "legacy: set timer";
    LegacyConsolePutchar "LEGACY_CONSOLE_PUTCHAR" 0x01 &[], "legacy: write one byte to the console";
    LegacyConsoleGetchar "LEGACY_CONSOLE_GETCHAR" 0x02 &[], "legacy: read one byte, or -1";
    LegacyClearIpi "LEGACY_CLEAR_IPI" 0x03 &[], "legacy: clear the pending software interrupt";
    LegacySendIpi "LEGACY_SEND_IPI" 0x04 &[], "legacy: software interrupt to harts; a0 = virtual address of the mask";
    LegacyRemoteFenceI "LEGACY_REMOTE_FENCE_I" 0x05 &[], "legacy: `fence.i` on harts";
    LegacyRemoteSfenceVma "LEGACY_REMOTE_SFENCE_VMA" 0x06 &[], "legacy: `sfence.vma` on harts";
    LegacyRemoteSfenceVmaAsid "LEGACY_REMOTE_SFENCE_VMA_ASID" 0x07 &[], "legacy: `sfence.vma` for one ASID on harts";
    LegacyShutdown "LEGACY_SHUTDOWN" 0x08 &[], "legacy: power off";
    Base "BASE" 0x10 &["GET_SPEC_VERSION", "GET_IMPL_ID", "GET_IMPL_VERSION", "PROBE_EXTENSION", "GET_MVENDORID", "GET_MARCHID", "GET_MIMPID"], "what this implementation is and which extensions it has";
    Hsm "HSM" 0x0048_534D &["HART_START", "HART_STOP", "HART_GET_STATUS", "HART_SUSPEND"], "hart state management";
    Ipi "IPI" 0x0073_5049 &["SEND_IPI"], "software interrupts to harts";
    Hvk "HVK" 0x0948_564B Hvk::NAMES, "vendor extension of this platform";
    Dbcn "DBCN" 0x4442_434E &["CONSOLE_WRITE", "CONSOLE_READ", "CONSOLE_WRITE_BYTE"], "debug console";
    Rfence "RFENCE" 0x5246_4E43 &["FENCE_I", "SFENCE_VMA", "SFENCE_VMA_ASID", "HFENCE_GVMA_VMID", "HFENCE_GVMA", "HFENCE_VVMA_ASID", "HFENCE_VVMA"], "fences on other harts";
    Srst "SRST" 0x5352_5354 &["SYSTEM_RESET"], "power off and reboot";
    Susp "SUSP" 0x5355_5350 &["SYSTEM_SUSPEND"], "suspend the system to memory";
    Time "TIME" 0x5449_4D45 &["SET_TIMER"], "the timer";
}

impl Extension {
    /// Whether the answer is in a0 alone (SBI 2.0, chapter 5).
    #[must_use]
    pub const fn is_legacy(self) -> bool {
        self.id() <= 8
    }
}

macro_rules! errors {
    ($($variant:ident $name:literal $code:literal $summary:literal;)*) => {
        /// An SBI error, as returned in a0 (SBI 2.0, table 1).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum SbiError { $(#[doc = $summary] $variant,)* }

        impl SbiError {
            /// Every error, from -1 down.
            pub const ALL: &[SbiError] = &[$(SbiError::$variant),*];
            /// The value in a0.
            #[must_use]
            pub const fn code(self) -> i32 {
                match self { $(SbiError::$variant => $code,)* }
            }
            /// The specification's name without `SBI_ERR_`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(SbiError::$variant => $name,)* }
            }
            /// One line of documentation.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self { $(SbiError::$variant => $summary,)* }
            }
        }
    };
}

errors! {
    Failed "FAILED" -1 "failed";
    NotSupported "NOT_SUPPORTED" -2 "no such extension or function";
    InvalidParam "INVALID_PARAM" -3 "an argument is invalid";
    Denied "DENIED" -4 "not allowed; for READ: end of input";
    InvalidAddress "INVALID_ADDRESS" -5 "a pointer is bad; nothing was done";
    AlreadyAvailable "ALREADY_AVAILABLE" -6 "already available";
    AlreadyStarted "ALREADY_STARTED" -7 "already started";
    AlreadyStopped "ALREADY_STOPPED" -8 "already stopped";
    NoShmem "NO_SHMEM" -9 "shared memory is not available";
}

macro_rules! hvk {
    ($($variant:ident $name:literal $number:literal ($($argument:literal),*) $returns:literal $summary:literal;)*) => {
        /// A function of the vendor extension `HVK` (a6). Pointers are guest-virtual in the caller's
        /// address space; a bad pointer returns [`SbiError::InvalidAddress`] and nothing is done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Hvk { $(#[doc = $summary] $variant,)* }

        impl Hvk {
            /// Every function, by number.
            pub const ALL: &[Hvk] = &[$(Hvk::$variant),*];
            /// Names by number.
            pub const NAMES: &[&str] = &[$($name),*];
            /// The function with this number (a6).
            #[must_use]
            pub const fn from_number(number: u32) -> Option<Hvk> {
                match number { $($number => Some(Hvk::$variant),)* _ => None }
            }
            /// The function's number (a6).
            #[must_use]
            pub const fn number(self) -> u32 {
                match self { $(Hvk::$variant => $number,)* }
            }
            /// The name, in capitals.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Hvk::$variant => $name,)* }
            }
            /// The arguments a0, a1, ….
            #[must_use]
            pub const fn arguments(self) -> &'static [&'static str] {
                match self { $(Hvk::$variant => &[$($argument),*],)* }
            }
            /// What a1 holds after success; empty: nothing.
            #[must_use]
            pub const fn returns(self) -> &'static str {
                match self { $(Hvk::$variant => $returns,)* }
            }
            /// One line of documentation.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self { $(Hvk::$variant => $summary,)* }
            }
        }
    };
}

hvk! {
    Print "PRINT" 0 ("buffer", "length") "bytes written" "writes to the console";
    Exit "EXIT" 1 ("code") "does not return" "stops the VM with an exit code";
    Read "READ" 2 ("buffer", "length") "bytes read" "reads console input; value 0: nothing waiting; SBI_ERR_DENIED: end of input";
    Yield "YIELD" 3 () "" "gives up the rest of the slice";
    Info "INFO" 4 ("buffer", "length") "bytes written" "fills the info structure, as much of it as fits";
    Batch "BATCH" 5 ("array", "count") "calls done" "does several hypercalls in one exit";
    ShmMap "SHM_MAP" 6 ("name", "length", "address") "size in bytes" "maps a named region that this guest was given";
    ShmUnmap "SHM_UNMAP" 7 ("address") "" "takes a region's mapping away";
    Doorbell "DOORBELL" 8 ("address", "peer") "" "interrupts those who share the region; peer -1: all";
    Balloon "BALLOON" 9 ("pages") "" "gives pages to the host, or takes them (negative)";
    Checkpoint "CHECKPOINT" 10 ("tag") "0 on the first run, n >= 1 in the n-th clone" "asks for a snapshot";
    Random "RANDOM" 11 ("buffer", "length") "bytes written" "fills a buffer with random bytes";
    Panic "PANIC" 12 ("message", "length") "does not return" "stops the VM with a report";
    Mark "MARK" 13 ("tag", "value") "" "a line in the trace and a point on the timeline";
}

/// The structure that [`Hvk::Info`] fills: little-endian words at these byte offsets.
pub mod info {
    /// This VM's number, counted from 0.
    pub const VM_ID: u32 = 0;
    /// How many VMs were started together.
    pub const VM_COUNT: u32 = 4;
    /// RAM in bytes.
    pub const RAM_SIZE: u32 = 8;
    /// Steps of a time slice.
    pub const SLICE: u32 = 12;
    /// Feature bits: bit n is set when function n of `HVK` is there.
    pub const FEATURES: u32 = 16;
    /// Size of the structure in bytes.
    pub const SIZE: u32 = 20;
    /// Name and offset of each field.
    pub const FIELDS: &[(&str, u32)] = &[("VM_ID", VM_ID), ("VM_COUNT", VM_COUNT), ("RAM_SIZE", RAM_SIZE), ("SLICE", SLICE), ("FEATURES", FEATURES)];
}

/// Arguments of SRST's SYSTEM_RESET (SBI 2.0, chapter 10).
pub mod srst {
    /// Type: power off.
    pub const TYPE_SHUTDOWN: u32 = 0;
    /// Type: power cycle.
    pub const TYPE_COLD_REBOOT: u32 = 1;
    /// Type: reboot of the hart.
    pub const TYPE_WARM_REBOOT: u32 = 2;
    /// Reason: none.
    pub const REASON_NONE: u32 = 0;
    /// Reason: the system failed; `hvrun` reports code 1.
    pub const REASON_SYSTEM_FAILURE: u32 = 1;
    /// Every name and value.
    pub const ALL: &[(&str, u32)] = &[
        ("TYPE_SHUTDOWN", TYPE_SHUTDOWN), ("TYPE_COLD_REBOOT", TYPE_COLD_REBOOT), ("TYPE_WARM_REBOOT", TYPE_WARM_REBOOT),
        ("REASON_NONE", REASON_NONE), ("REASON_SYSTEM_FAILURE", REASON_SYSTEM_FAILURE),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip() {
        for &extension in Extension::ALL {
            assert_eq!(Extension::from_id(extension.id()), Some(extension));
        }
        for (number, &function) in Hvk::ALL.iter().enumerate() {
            assert_eq!(function.number() as usize, number, "functions are numbered without holes");
            assert_eq!(Hvk::from_number(function.number()), Some(function));
        }
        assert_eq!(Extension::Hvk.id(), 0x0900_0000 | (MVENDORID & 0xff_ffff));
        assert!(Extension::ALL.windows(2).all(|pair| pair[0].id() < pair[1].id()));
    }
}
