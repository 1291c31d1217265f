# RUN: hvrun --disk %s,overlay %s
# EXIT: 0
#
# 22-virtio-disk: a driver for a virtio disk, modern or legacy.
#
# A virtio device and its driver share rings in memory. For each request the driver fills
# descriptors (where bytes are, and who writes them), puts the first one's number into the
# "available" ring and tells the device; the device puts it into the "used" ring when it is done.
#
# The disk of this example is its own source: the first line of it is what is read from sector 0.
# Then sector 1 is written and read back. (With `,overlay` the file stays as it is.)

        .include "abi.s"

        # Registers of a slot
        .equ    MAGIC, 0x000
        .equ    VERSION, 0x004                  # 1 legacy, 2 modern
        .equ    DEVICE_ID, 0x008                # 2: a disk
        .equ    DRIVER_FEATURES, 0x020
        .equ    DRIVER_FEATURES_SEL, 0x024
        .equ    GUEST_PAGE_SIZE, 0x028          # legacy
        .equ    QUEUE_SEL, 0x030
        .equ    QUEUE_NUM_MAX, 0x034
        .equ    QUEUE_NUM, 0x038
        .equ    QUEUE_ALIGN, 0x03c              # legacy
        .equ    QUEUE_PFN, 0x040                # legacy
        .equ    QUEUE_READY, 0x044              # modern
        .equ    QUEUE_NOTIFY, 0x050
        .equ    INTERRUPT_STATUS, 0x060
        .equ    INTERRUPT_ACK, 0x064
        .equ    STATUS, 0x070
        .equ    QUEUE_DESC, 0x080               # modern; each low, then high
        .equ    QUEUE_AVAIL, 0x090
        .equ    QUEUE_USED, 0x0a0
        .equ    CAPACITY, 0x100

        .equ    ACKNOWLEDGE, 1
        .equ    DRIVER, 2
        .equ    DRIVER_OK, 4
        .equ    FEATURES_OK, 8

        .equ    SIZE, 8                         # descriptors of the queue
        .equ    NEXT, 1                         # flags of a descriptor
        .equ    WRITE, 2                        # the device writes there
        .equ    READ_SECTORS, 0                 # kinds of requests
        .equ    WRITE_SECTORS, 1

        .text
        .globl  main
main:
        addi    sp, sp, -16
        sw      ra, 12(sp)
        sw      s0, 8(sp)

        call    find_disk
        beqz    a0, none
        mv      s0, a0                          # s0 = its registers
        call    start

        li      a0, READ_SECTORS                # sector 0: a line of it
        li      a1, 0
        call    request
        bnez    a0, failed
        la      a0, data
        call    print_line

        la      a0, data                        # sector 1: something new, and back
        la      a1, message
        li      a2, 512
        call    memcpy
        li      a0, WRITE_SECTORS
        li      a1, 1
        call    request
        bnez    a0, failed
        la      a0, data
        li      a1, 0
        li      a2, 512
        call    memset
        li      a0, READ_SECTORS
        li      a1, 1
        call    request
        bnez    a0, failed
        la      a0, data
        call    print_line

        li      a0, READ_SECTORS                # far behind the end: an error
        li      a1, 0x7fffffff
        call    request
        li      t0, 1                           # VIRTIO_BLK_S_IOERR
        bne     a0, t0, failed

        lw      t0, INTERRUPT_STATUS(s0)        # the device says that it used the queue
        andi    t1, t0, 1
        beqz    t1, failed
        sw      t0, INTERRUPT_ACK(s0)
        lw      t0, INTERRUPT_STATUS(s0)
        bnez    t0, failed
        la      a0, done_text
        call    hv_puts
        li      a0, 0
        j       end

none:   la      a0, none_text
        call    hv_puts
        li      a0, 2
        j       end
failed: la      a0, failed_text
        call    hv_puts
        li      a0, 1
end:    lw      ra, 12(sp)
        lw      s0, 8(sp)
        addi    sp, sp, 16
        ret

# find_disk() -> a0 = registers of the first disk, or 0
find_disk:
        li      a0, VIRTIO_BASE
        li      t3, VIRTIO_SLOTS
        li      t4, VIRTIO_STRIDE
1:      lw      t0, MAGIC(a0)
        li      t1, 0x74726976                  # "virt"
        bne     t0, t1, 2f
        lw      t0, DEVICE_ID(a0)
        li      t1, 2
        beq     t0, t1, 3f
2:      add     a0, a0, t4
        addi    t3, t3, -1
        bnez    t3, 1b
        li      a0, 0
3:      ret

# start(s0 = registers): from reset to "driver is ready"
start:
        sw      zero, STATUS(s0)
        li      t0, ACKNOWLEDGE
        sw      t0, STATUS(s0)
        li      t0, ACKNOWLEDGE | DRIVER
        sw      t0, STATUS(s0)
        sw      zero, DRIVER_FEATURES_SEL(s0)   # no feature is needed,
        sw      zero, DRIVER_FEATURES(s0)
        lw      t2, VERSION(s0)
        li      t0, 1
        beq     t2, t0, legacy
        li      t0, 1                           # but a modern driver says that it is one (bit 32)
        sw      t0, DRIVER_FEATURES_SEL(s0)
        sw      t0, DRIVER_FEATURES(s0)
        li      t0, ACKNOWLEDGE | DRIVER | FEATURES_OK
        sw      t0, STATUS(s0)
        lw      t1, STATUS(s0)
        andi    t1, t1, FEATURES_OK
        beqz    t1, failed
        sw      zero, QUEUE_SEL(s0)
        lw      t0, QUEUE_READY(s0)
        bnez    t0, failed
        li      t0, SIZE
        sw      t0, QUEUE_NUM(s0)
        la      t0, descriptors
        sw      t0, QUEUE_DESC(s0)
        sw      zero, QUEUE_DESC+4(s0)
        la      t0, available
        sw      t0, QUEUE_AVAIL(s0)
        sw      zero, QUEUE_AVAIL+4(s0)
        la      t0, used
        sw      t0, QUEUE_USED(s0)
        sw      zero, QUEUE_USED+4(s0)
        li      t0, 1
        sw      t0, QUEUE_READY(s0)
        li      t0, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK
        sw      t0, STATUS(s0)
        ret

legacy:                                         # the three parts in a row, the last on a page of its own
        li      t0, PAGE_SIZE
        sw      t0, GUEST_PAGE_SIZE(s0)
        sw      zero, QUEUE_SEL(s0)
        li      t1, SIZE
        sw      t1, QUEUE_NUM(s0)
        sw      t0, QUEUE_ALIGN(s0)
        la      t0, descriptors
        srli    t0, t0, 12
        sw      t0, QUEUE_PFN(s0)
        li      t0, ACKNOWLEDGE | DRIVER | DRIVER_OK
        sw      t0, STATUS(s0)
        ret

# request(a0 = kind, a1 = sector, s0 = registers) -> a0 = status; the sector's bytes are in `data`
request:
        la      t0, header
        sw      a0, 0(t0)
        sw      zero, 4(t0)
        sw      a1, 8(t0)
        sw      zero, 12(t0)
        la      t1, descriptors                 # 0: the header, for the device to read
        sw      t0, 0(t1)
        li      t2, 16
        sw      t2, 8(t1)
        li      t2, NEXT | 1 << 16              # flags in the low half, the next one's number above
        sw      t2, 12(t1)
        la      t0, data                        # 1: the bytes
        sw      t0, 16(t1)
        li      t2, 512
        sw      t2, 24(t1)
        li      t2, NEXT | WRITE | 2 << 16
        beqz    a0, 1f
        li      t2, NEXT | 2 << 16
1:      sw      t2, 28(t1)
        la      t0, status                      # 2: the status, a byte
        sw      t0, 32(t1)
        li      t2, 0xff
        sb      t2, 0(t0)
        li      t2, 1
        sw      t2, 40(t1)
        li      t2, WRITE
        sw      t2, 44(t1)

        la      t1, available                   # flags, index, ring of numbers
        lhu     t2, 2(t1)
        andi    t3, t2, SIZE - 1
        slli    t3, t3, 1
        add     t3, t3, t1
        sh      zero, 4(t3)                     # the request begins with descriptor 0
        fence                                   # first the entry, then its number
        addi    t2, t2, 1
        sh      t2, 2(t1)
        fence
        sw      zero, QUEUE_NOTIFY(s0)
        slli    t2, t2, 16
        srli    t2, t2, 16
        la      t1, used
2:      lhu     t3, 2(t1)                       # done when the used ring has as many
        bne     t3, t2, 2b
        fence
        la      t0, status
        lbu     a0, 0(t0)
        ret

# print_line(a0 = text): up to its line's end
print_line:
        addi    sp, sp, -16
        sw      ra, 12(sp)
        mv      t0, a0
1:      lbu     t1, 0(t0)
        addi    t0, t0, 1
        addi    t1, t1, -'\n'
        bnez    t1, 1b
        sb      zero, 0(t0)
        call    hv_puts
        lw      ra, 12(sp)
        addi    sp, sp, 16
        ret

        .section .rodata
done_text:
        .asciz  "done\n"
none_text:
        .asciz  "no disk\n"
failed_text:
        .asciz  "failed\n"
        .balign 4
message:
        .ascii  "written by a guest\n"
        .zero   512

        .bss
        .balign 4096
descriptors:                                    # 16 bytes each: address (64 bits), length, flags, next
        .zero   16 * SIZE
available:
        .zero   4 + 2 * SIZE + 2
        .balign 4096
used:
        .zero   4 + 8 * SIZE + 2
        .balign 4
header: .zero   16
status: .zero   4
data:   .zero   516
