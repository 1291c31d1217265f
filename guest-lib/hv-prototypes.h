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
