/* 09-c-program: sorting, strings and 64-bit division, in several C files, without a C library.
   What it prints is right or wrong by inspection: every result is checked against another way. */

#include "hv.h"
#include "sort.h"
#include "text.h"

/* A small generator of pseudo-random numbers (xorshift), the same on every machine. */
static uint32_t random_state = 2463534242u;

static uint32_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static void print_u64(uint64_t number) {
    char digits[21];
    hv_print(digits, format_u64(digits, number));
}

static int sorting(void) {
    static int32_t numbers[1000];
    uint32_t sum = 0;
    for (size_t i = 0; i < 1000; i++) {
        numbers[i] = (int32_t)next_random();
        sum += (uint32_t)numbers[i];
    }
    sort_numbers(numbers, 1000);
    for (size_t i = 0; i < 1000; i++) {
        sum -= (uint32_t)numbers[i]; /* the same numbers as before ... */
        if (i > 0 && numbers[i - 1] > numbers[i]) /* ... in order */
            return 1;
    }
    hv_puts("sorted 1000 numbers: ");
    hv_print_dec(numbers[0]);
    hv_puts(" to ");
    hv_print_dec(numbers[999]);
    hv_newline();
    return sum != 0;
}

static int strings(void) {
    static const char *words[] = {"hypervisor", "guest", "page", "trap", "linker", "assembler", "exit", "guests"};
    const size_t count = sizeof words / sizeof words[0];
    sort_words(words, count);
    char line[128];
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length = append(line, sizeof line, length, i ? " " : "", words[i]);
    hv_puts(line);
    hv_newline();

    reverse(line);
    hv_puts(line);
    hv_newline();
    return length != strlen(line);
}

static int division(void) {
    uint64_t factorial = 1; /* 20! is the largest that 64 bits hold */
    for (uint32_t n = 2; n <= 20; n++)
        factorial *= n;
    hv_puts("20! = ");
    print_u64(factorial);
    hv_newline();

    uint64_t rest = factorial; /* and back down, by division */
    for (uint32_t n = 20; n >= 2; n--) {
        if (rest % n != 0)
            return 1;
        rest /= n;
    }

    uint64_t a = 0xfedcba9876543210u, b = 0x12345678abcdu;
    uint64_t quotient = a / b, remainder = a % b;
    print_u64(a);
    hv_puts(" / ");
    print_u64(b);
    hv_puts(" = ");
    print_u64(quotient);
    hv_puts(", remainder ");
    print_u64(remainder);
    hv_newline();

    int64_t negative = -(int64_t)1000000007 * 1000;
    hv_puts("-1000000007000 / 7000 = ");
    hv_print_dec((int32_t)(negative / 7000));
    hv_puts(", remainder ");
    hv_print_dec((int32_t)(negative % 7000));
    hv_newline();
    return rest != 1 || quotient * b + remainder != a || remainder >= b || negative / 7000 * 7000 + negative % 7000 != negative;
}

int main(void) {
    int wrong = sorting() + strings() + division();
    hv_puts(wrong ? "WRONG\n" : "all right\n");
    return wrong;
}
