#include "prog.h"

static const char *const days[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

const char *day(int number) {
    if (number < 0 || number >= 7) return "no day";
    return days[number];
}

int length(const char *text) {
    const char *end = text;
    while (*end) end++;
    return end - text;
}

u32 hash(const char *text) {
    u32 value = 2166136261u;
    while (*text) value = (value ^ (unsigned char)*text++) * 16777619u;
    return value;
}

char *reverse(char *text) {
    for (int i = 0, j = length(text) - 1; i < j; i++, j--) {
        char old = text[i];
        text[i] = text[j];
        text[j] = old;
    }
    return text;
}

void put_string(const char *text) {
    while (*text) put_char(*text++);
}

void put_number(s64 number) {
    char digits[24];
    int at = 0;
    u64 rest = number < 0 ? -(u64)number : (u64)number;
    do digits[at++] = '0' + rest % 10;
    while (rest /= 10);
    if (number < 0) digits[at++] = '-';
    digits[at] = 0;
    put_string(reverse(digits));
}

void put_line(const char *label, s64 number) {
    put_string(label);
    put_string(": ");
    put_number(number);
    put_char('\n');
}
