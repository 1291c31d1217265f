#include "prog.h"

int rows_sum(void);
extern int constructed;
int tentative;

static int numbers[200];

static int next(void) {
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) & 0xffff;
}

static int classify(int n) {
    switch (n) {
    case 0: return 5;
    case 1: return 17;
    case 2: return n + seed;
    case 3: return 90;
    case 4: return hash("four") & 0xff;
    case 5: return -3;
    case 6: return length("six") * n;
    case 7: return 1 << n;
    default: return 0;
    }
}

int main(void) {
    const char *names[7];
    for (int i = 0; i < 200; i++) numbers[i] = next();
    sort_numbers(numbers, 200);
    for (int i = 1; i < 200; i++)
        if (numbers[i - 1] > numbers[i]) return 3;
    put_line("least", numbers[0]);
    put_line("median", numbers[100]);
    for (int i = 0; i < 7; i++) names[i] = day(i);
    sort_names(names, 7);
    for (int i = 0; i < 7; i++) put_string(names[i]), put_char(i < 6 ? ' ' : '\n');
    put_line("hash", hash("relaxation"));
    put_line("divide", divide(-1234567890123456789ll, 987654321));
    put_line("power", power(123456789, 65537, 4294967291u));
    put_line("root", root(2));
    put_line("mean", (s64)(mean(numbers, 200) * 100));
    put_line("operations", operations[0](3, 4) + operations[1](3, 4) * operations[2](3, 4));
    put_line("pick", operations[3](1, 40) + operations[3](1, 2));
    put_line("thread", thread_number++ + thread_number);
    put_line("rows", rows_sum());
    put_line("constructed", constructed);
    put_line("weak", optional ? optional(1) : -1);
    put_line("tentative", tentative);
    int sum = 0;
    for (int i = 0; i < 9; i++) sum = sum * 3 + classify(i);
    put_line("classes", sum);
    put_line("counters", counters[0] + counters[1]);
    return 0;
}
