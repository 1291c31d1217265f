#include "prog.h"

int seed = 12345;
int counters[16];
__thread int thread_number = 7;
static __thread int zeroed[4];
int constructed;
static char large[40000];

static int add(int a, int b) { return a + b; }
static int sub(int a, int b) { return a - b; }
static int mul(int a, int b) { return a * b; }
static int pick(int a, int b) {
    zeroed[a & 3] += b;
    large[(unsigned)b % sizeof large] ^= 1;
    return zeroed[a & 3];
}

const operation operations[4] = {add, sub, mul, pick};

__attribute__((constructor(300))) static void second(void) { constructed = constructed * 10 + 2; }
__attribute__((constructor(200))) static void first(void) { constructed = constructed * 10 + 1; }
__attribute__((constructor)) static void last(void) { constructed = constructed * 10 + 3; }

struct row { const char *name; int value; } __attribute__((aligned(8)));
#define ROW(n, v) static const struct row row_##n __attribute__((section("rows"), used)) = {#n, v}
ROW(one, 1);
ROW(two, 22);
ROW(three, 333);
extern const struct row __start_rows[], __stop_rows[];

int rows_sum(void) {
    int sum = 0;
    for (const struct row *row = __start_rows; row < __stop_rows; row++) sum += row->value + length(row->name);
    return sum;
}
