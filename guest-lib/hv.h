#ifndef HV_H
#define HV_H

/* The platform's constants for C. Generated from the tables of crates/guest-abi
   by `cargo xtask generate`; do not edit. */

/* Guest-physical memory map */
#define BOOT_ROM_BASE 0x1000                    /* boot ROM, read-only: the devicetree of guests with under 1 MiB of RAM */
#define FINISHER_BASE 0x100000                  /* test finisher: a store of 0x5555 powers off, `code << 16 | 0x3333` with a code, 0x7777 reboots */
#define RTC_BASE 0x101000                       /* real-time clock (goldfish) */
#define RTC_IRQ 11                              /* its PLIC source */
#define PLIC_BASE 0xc000000                     /* PLIC, 95 sources; context 0 = M (inert), context 1 = hart 0 S-mode */
#define UART0_BASE 0x10000000                   /* UART 16550A: the console */
#define UART0_IRQ 10                            /* its PLIC source */
#define VIRTIO_BASE 0x10001000                  /* eight virtio-mmio slots of 4 KiB, interrupts 1 to 8 */
#define VIRTIO_IRQ 1                            /* its PLIC source */
#define SHM_BASE 0x40000000                     /* windows for shared regions; the interrupt is the doorbell's */
#define SHM_IRQ 12                              /* its PLIC source */
#define RAM_BASE 0x80000000                     /* RAM, at most 2 GiB */
#define VIRTIO_STRIDE 0x1000                    /* bytes from one virtio slot to the next */
#define VIRTIO_SLOTS 8                          /* number of virtio slots */
#define PAGE_SIZE 0x1000                        /* bytes of a page */
#define TIMEBASE_HZ 0x989680                    /* ticks of the time CSR in a second */

/* Values for the test finisher's register */
#define FINISHER_PASS 0x5555                    /* power off with code 0 */
#define FINISHER_FAIL 0x3333                    /* or-ed with code << 16: power off with that code */
#define FINISHER_RESET 0x7777                   /* reboot */

/* SBI extensions (a7) */
#define SBI_EXT_LEGACY_SET_TIMER 0              /* legacy: set timer */
#define SBI_EXT_LEGACY_CONSOLE_PUTCHAR 1        /* legacy: write one byte to the console */
#define SBI_EXT_LEGACY_CONSOLE_GETCHAR 2        /* legacy: read one byte, or -1 */
#define SBI_EXT_LEGACY_CLEAR_IPI 3              /* legacy: clear the pending software interrupt */
#define SBI_EXT_LEGACY_SEND_IPI 4               /* legacy: software interrupt to harts; a0 = virtual address of the mask */
#define SBI_EXT_LEGACY_REMOTE_FENCE_I 5         /* legacy: `fence.i` on harts */
#define SBI_EXT_LEGACY_REMOTE_SFENCE_VMA 6      /* legacy: `sfence.vma` on harts */
#define SBI_EXT_LEGACY_REMOTE_SFENCE_VMA_ASID 7 /* legacy: `sfence.vma` for one ASID on harts */
#define SBI_EXT_LEGACY_SHUTDOWN 8               /* legacy: power off */
#define SBI_EXT_BASE 16                         /* what this implementation is and which extensions it has */
#define SBI_EXT_HSM 0x48534d                    /* hart state management */
#define SBI_EXT_IPI 0x735049                    /* software interrupts to harts */
#define SBI_EXT_HVK 0x948564b                   /* vendor extension of this platform */
#define SBI_EXT_DBCN 0x4442434e                 /* debug console */
#define SBI_EXT_RFENCE 0x52464e43               /* fences on other harts */
#define SBI_EXT_SRST 0x53525354                 /* power off and reboot */
#define SBI_EXT_SUSP 0x53555350                 /* suspend the system to memory */
#define SBI_EXT_TIME 0x54494d45                 /* the timer */

/* SBI functions (a6) and their arguments */
#define SBI_BASE_GET_SPEC_VERSION 0
#define SBI_BASE_GET_IMPL_ID 1
#define SBI_BASE_GET_IMPL_VERSION 2
#define SBI_BASE_PROBE_EXTENSION 3
#define SBI_BASE_GET_MVENDORID 4
#define SBI_BASE_GET_MARCHID 5
#define SBI_BASE_GET_MIMPID 6
#define SBI_HSM_HART_START 0
#define SBI_HSM_HART_STOP 1
#define SBI_HSM_HART_GET_STATUS 2
#define SBI_HSM_HART_SUSPEND 3
#define SBI_IPI_SEND_IPI 0
#define SBI_DBCN_CONSOLE_WRITE 0
#define SBI_DBCN_CONSOLE_READ 1
#define SBI_DBCN_CONSOLE_WRITE_BYTE 2
#define SBI_RFENCE_FENCE_I 0
#define SBI_RFENCE_SFENCE_VMA 1
#define SBI_RFENCE_SFENCE_VMA_ASID 2
#define SBI_RFENCE_HFENCE_GVMA_VMID 3
#define SBI_RFENCE_HFENCE_GVMA 4
#define SBI_RFENCE_HFENCE_VVMA_ASID 5
#define SBI_RFENCE_HFENCE_VVMA 6
#define SBI_SRST_SYSTEM_RESET 0
#define SBI_SUSP_SYSTEM_SUSPEND 0
#define SBI_TIME_SET_TIMER 0
#define SBI_SRST_TYPE_SHUTDOWN 0
#define SBI_SRST_TYPE_COLD_REBOOT 1
#define SBI_SRST_TYPE_WARM_REBOOT 2
#define SBI_SRST_REASON_NONE 0
#define SBI_SRST_REASON_SYSTEM_FAILURE 1

/* SBI errors (a0) */
#define SBI_SUCCESS 0                           /* done */
#define SBI_ERR_FAILED (-1)                     /* failed */
#define SBI_ERR_NOT_SUPPORTED (-2)              /* no such extension or function */
#define SBI_ERR_INVALID_PARAM (-3)              /* an argument is invalid */
#define SBI_ERR_DENIED (-4)                     /* not allowed; for READ: end of input */
#define SBI_ERR_INVALID_ADDRESS (-5)            /* a pointer is bad; nothing was done */
#define SBI_ERR_ALREADY_AVAILABLE (-6)          /* already available */
#define SBI_ERR_ALREADY_STARTED (-7)            /* already started */
#define SBI_ERR_ALREADY_STOPPED (-8)            /* already stopped */
#define SBI_ERR_NO_SHMEM (-9)                   /* shared memory is not available */

/* HVK functions (a6), with a7 = HVK_EID */
#define HVK_EID 0x948564b                       /* extension id of all HVK calls (a7) */
#define HVK_PRINT 0                             /* (buffer, length) -> bytes written: writes to the console */
#define HVK_EXIT 1                              /* (code) -> does not return: stops the VM with an exit code */
#define HVK_READ 2                              /* (buffer, length) -> bytes read: reads console input; value 0: nothing waiting; SBI_ERR_DENIED: end of input */
#define HVK_YIELD 3                             /* (): gives up the rest of the slice */
#define HVK_INFO 4                              /* (buffer, length) -> bytes written: fills the info structure, as much of it as fits */
#define HVK_BATCH 5                             /* (array, count) -> calls done: does several hypercalls in one exit */
#define HVK_SHM_MAP 6                           /* (name, length, address) -> size in bytes: maps a named region that this guest was given */
#define HVK_SHM_UNMAP 7                         /* (address): takes a region's mapping away */
#define HVK_DOORBELL 8                          /* (address, peer): interrupts those who share the region; peer -1: all */
#define HVK_BALLOON 9                           /* (pages): gives pages to the host, or takes them (negative) */
#define HVK_CHECKPOINT 10                       /* (tag) -> 0 on the first run, n >= 1 in the n-th clone: asks for a snapshot */
#define HVK_RANDOM 11                           /* (buffer, length) -> bytes written: fills a buffer with random bytes */
#define HVK_PANIC 12                            /* (message, length) -> does not return: stops the VM with a report */
#define HVK_MARK 13                             /* (tag, value): a line in the trace and a point on the timeline */

/* Byte offsets in the structure that HVK_INFO fills */
#define HVK_INFO_VM_ID 0
#define HVK_INFO_VM_COUNT 4
#define HVK_INFO_RAM_SIZE 8
#define HVK_INFO_SLICE 12
#define HVK_INFO_FEATURES 16
#define HVK_INFO_SIZE 20                        /* size of the structure */

/* The functions of the guest library (libhv.a), for C. Each one's contract is the comment at the
   head of its source, guest-lib/NAME.s. A result that can be an error is negative then: one of
   SBI_ERR_.... */

#ifndef HV_PROTOTYPES_H
#define HV_PROTOTYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Console output: 0, or an error. */
int hv_print(const void *bytes, size_t length);
int hv_puts(const char *string); /* adds no newline */
int hv_putc(int byte);
int hv_newline(void);
int hv_print_dec(int32_t number);
int hv_print_udec(uint32_t number);
int hv_print_hex(uint32_t number); /* 0x and eight digits */

/* Console input. SBI_ERR_DENIED: it has ended. */
int hv_read(void *buffer, size_t length); /* bytes read; 0: nothing waits now */
int hv_getc(void);                        /* waits; the byte */
int hv_read_line(char *buffer, size_t size); /* waits; the line's length, >= size if it was cut */

/* The number at the start of a string; rest == string if there is none. */
struct hv_parsed {
    int32_t value;
    const char *rest;
};
struct hv_parsed hv_parse_int(const char *string);

/* The machine. */
void hv_exit(int code) __attribute__((noreturn));
void hv_panic(const void *message, size_t length) __attribute__((noreturn));
int hv_yield(void);
int hv_mark(uint32_t tag, uint32_t value);
int hv_random(void *buffer, size_t length); /* bytes written */
int hv_balloon(int pages); /* to give, or negative: to take; how many were */

/* What HVK_INFO fills, a word each. */
struct hv_info {
    uint32_t vm_id;
    uint32_t vm_count;
    uint32_t ram_size; /* bytes */
    uint32_t slice;    /* steps */
    uint32_t features; /* bit n: function n of HVK is there */
};
int hv_info(struct hv_info *info, size_t size); /* bytes filled in */

/* Time, in ticks of 1 / TIMEBASE_HZ seconds. */
uint64_t hv_time(void);
int hv_set_timer(uint64_t time); /* UINT64_MAX: never */

/* Any hypercall. */
struct hv_sbiret {
    int32_t error;
    uint32_t value;
};
struct hv_sbiret hv_sbi(uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t a4, uint32_t a5, uint32_t function,
                        uint32_t extension);

/* What compilers call on their own, and two friends. */
void *memcpy(void *to, const void *from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *address, int byte, size_t length);
int memcmp(const void *a, const void *b, size_t length);
size_t strlen(const char *string);
int strcmp(const char *a, const char *b);

#ifdef __cplusplus
}
#endif

#endif

#endif /* HV_H */
