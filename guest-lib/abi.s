# The platform's constants for assembly. Generated from the tables of crates/guest-abi
# by `cargo xtask generate`; do not edit.

# Guest-physical memory map
.equ BOOT_ROM_BASE, 0x1000                  # boot ROM, read-only: the devicetree of guests with under 1 MiB of RAM
.equ FINISHER_BASE, 0x100000                # test finisher: a store of 0x5555 powers off, `code << 16 | 0x3333` with a code, 0x7777 reboots
.equ RTC_BASE, 0x101000                     # real-time clock (goldfish)
.equ RTC_IRQ, 11                            # its PLIC source
.equ PLIC_BASE, 0xc000000                   # PLIC, 95 sources; context 0 = M (inert), context 1 = hart 0 S-mode
.equ UART0_BASE, 0x10000000                 # UART 16550A: the console
.equ UART0_IRQ, 10                          # its PLIC source
.equ VIRTIO_BASE, 0x10001000                # eight virtio-mmio slots of 4 KiB, interrupts 1 to 8
.equ VIRTIO_IRQ, 1                          # its PLIC source
.equ SHM_BASE, 0x40000000                   # windows for shared regions; the interrupt is the doorbell's
.equ SHM_IRQ, 12                            # its PLIC source
.equ RAM_BASE, 0x80000000                   # RAM, at most 2 GiB
.equ VIRTIO_STRIDE, 0x1000                  # bytes from one virtio slot to the next
.equ VIRTIO_SLOTS, 8                        # number of virtio slots
.equ PAGE_SIZE, 0x1000                      # bytes of a page
.equ TIMEBASE_HZ, 0x989680                  # ticks of the time CSR in a second

# Values for the test finisher's register
.equ FINISHER_PASS, 0x5555                  # power off with code 0
.equ FINISHER_FAIL, 0x3333                  # or-ed with code << 16: power off with that code
.equ FINISHER_RESET, 0x7777                 # reboot

# SBI extensions (a7)
.equ SBI_EXT_LEGACY_SET_TIMER, 0            # legacy: set timer
.equ SBI_EXT_LEGACY_CONSOLE_PUTCHAR, 1      # legacy: write one byte to the console
.equ SBI_EXT_LEGACY_CONSOLE_GETCHAR, 2      # legacy: read one byte, or -1
.equ SBI_EXT_LEGACY_CLEAR_IPI, 3            # legacy: clear the pending software interrupt
.equ SBI_EXT_LEGACY_SEND_IPI, 4             # legacy: software interrupt to harts; a0 = virtual address of the mask
.equ SBI_EXT_LEGACY_REMOTE_FENCE_I, 5       # legacy: `fence.i` on harts
.equ SBI_EXT_LEGACY_REMOTE_SFENCE_VMA, 6    # legacy: `sfence.vma` on harts
.equ SBI_EXT_LEGACY_REMOTE_SFENCE_VMA_ASID, 7# legacy: `sfence.vma` for one ASID on harts
.equ SBI_EXT_LEGACY_SHUTDOWN, 8             # legacy: power off
.equ SBI_EXT_BASE, 16                       # what this implementation is and which extensions it has
.equ SBI_EXT_HSM, 0x48534d                  # hart state management
.equ SBI_EXT_IPI, 0x735049                  # software interrupts to harts
.equ SBI_EXT_HVK, 0x948564b                 # vendor extension of this platform
.equ SBI_EXT_DBCN, 0x4442434e               # debug console
.equ SBI_EXT_RFENCE, 0x52464e43             # fences on other harts
.equ SBI_EXT_SRST, 0x53525354               # power off and reboot
.equ SBI_EXT_SUSP, 0x53555350               # suspend the system to memory
.equ SBI_EXT_TIME, 0x54494d45               # the timer

# SBI functions (a6) and their arguments
.equ SBI_BASE_GET_SPEC_VERSION, 0
.equ SBI_BASE_GET_IMPL_ID, 1
.equ SBI_BASE_GET_IMPL_VERSION, 2
.equ SBI_BASE_PROBE_EXTENSION, 3
.equ SBI_BASE_GET_MVENDORID, 4
.equ SBI_BASE_GET_MARCHID, 5
.equ SBI_BASE_GET_MIMPID, 6
.equ SBI_HSM_HART_START, 0
.equ SBI_HSM_HART_STOP, 1
.equ SBI_HSM_HART_GET_STATUS, 2
.equ SBI_HSM_HART_SUSPEND, 3
.equ SBI_IPI_SEND_IPI, 0
.equ SBI_DBCN_CONSOLE_WRITE, 0
.equ SBI_DBCN_CONSOLE_READ, 1
.equ SBI_DBCN_CONSOLE_WRITE_BYTE, 2
.equ SBI_RFENCE_FENCE_I, 0
.equ SBI_RFENCE_SFENCE_VMA, 1
.equ SBI_RFENCE_SFENCE_VMA_ASID, 2
.equ SBI_RFENCE_HFENCE_GVMA_VMID, 3
.equ SBI_RFENCE_HFENCE_GVMA, 4
.equ SBI_RFENCE_HFENCE_VVMA_ASID, 5
.equ SBI_RFENCE_HFENCE_VVMA, 6
.equ SBI_SRST_SYSTEM_RESET, 0
.equ SBI_SUSP_SYSTEM_SUSPEND, 0
.equ SBI_TIME_SET_TIMER, 0
.equ SBI_SRST_TYPE_SHUTDOWN, 0
.equ SBI_SRST_TYPE_COLD_REBOOT, 1
.equ SBI_SRST_TYPE_WARM_REBOOT, 2
.equ SBI_SRST_REASON_NONE, 0
.equ SBI_SRST_REASON_SYSTEM_FAILURE, 1

# SBI errors (a0)
.equ SBI_SUCCESS, 0                         # done
.equ SBI_ERR_FAILED, -1                     # failed
.equ SBI_ERR_NOT_SUPPORTED, -2              # no such extension or function
.equ SBI_ERR_INVALID_PARAM, -3              # an argument is invalid
.equ SBI_ERR_DENIED, -4                     # not allowed; for READ: end of input
.equ SBI_ERR_INVALID_ADDRESS, -5            # a pointer is bad; nothing was done
.equ SBI_ERR_ALREADY_AVAILABLE, -6          # already available
.equ SBI_ERR_ALREADY_STARTED, -7            # already started
.equ SBI_ERR_ALREADY_STOPPED, -8            # already stopped
.equ SBI_ERR_NO_SHMEM, -9                   # shared memory is not available

# HVK functions (a6), with a7 = HVK_EID
.equ HVK_EID, 0x948564b                     # extension id of all HVK calls (a7)
.equ HVK_PRINT, 0                           # (buffer, length) -> bytes written: writes to the console
.equ HVK_EXIT, 1                            # (code) -> does not return: stops the VM with an exit code
.equ HVK_READ, 2                            # (buffer, length) -> bytes read: reads console input; value 0: nothing waiting; SBI_ERR_DENIED: end of input
.equ HVK_YIELD, 3                           # (): gives up the rest of the slice
.equ HVK_INFO, 4                            # (buffer, length) -> bytes written: fills the info structure, as much of it as fits
.equ HVK_BATCH, 5                           # (array, count) -> calls done: does several hypercalls in one exit
.equ HVK_SHM_MAP, 6                         # (name, length, address) -> size in bytes: maps a named region that this guest was given
.equ HVK_SHM_UNMAP, 7                       # (address): takes a region's mapping away
.equ HVK_DOORBELL, 8                        # (address, peer): interrupts those who share the region; peer -1: all
.equ HVK_BALLOON, 9                         # (pages): gives pages to the host, or takes them (negative)
.equ HVK_CHECKPOINT, 10                     # (tag) -> 0 on the first run, n >= 1 in the n-th clone: asks for a snapshot
.equ HVK_RANDOM, 11                         # (buffer, length) -> bytes written: fills a buffer with random bytes
.equ HVK_PANIC, 12                          # (message, length) -> does not return: stops the VM with a report
.equ HVK_MARK, 13                           # (tag, value): a line in the trace and a point on the timeline

# Byte offsets in the structure that HVK_INFO fills
.equ HVK_INFO_VM_ID, 0
.equ HVK_INFO_VM_COUNT, 4
.equ HVK_INFO_RAM_SIZE, 8
.equ HVK_INFO_SLICE, 12
.equ HVK_INFO_FEATURES, 16
.equ HVK_INFO_SIZE, 20                      # size of the structure
