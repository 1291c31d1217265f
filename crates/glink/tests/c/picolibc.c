#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int put(char c, FILE *file) {
    (void)file;
    *(volatile char *)0x10000000 = c;
    return c;
}

static FILE console = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);
FILE *const stdin = &console;
FILE *const stdout = &console;
FILE *const stderr = &console;

static _Thread_local int initialised = 4;
static _Thread_local int zeroed;

static int ascending(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

int main(void) {
    int numbers[10];
    for (int i = 0; i < 10; i++) numbers[i] = (i * 7) % 11;
    qsort(numbers, 10, sizeof numbers[0], ascending);
    int sum = 0;
    for (int i = 0; i < 10; i++) sum += numbers[i] + (i > 0 && numbers[i - 1] > numbers[i] ? 1000 : 0);
    char *text = malloc(100);
    strcpy(text, "picolibc");
    printf("hello %s %d %d %g %d\n", text, initialised, zeroed, 1.5, sum);
    free(text);
    *(volatile int *)0x100000 = 0x5555;
    for (;;) {
    }
}
