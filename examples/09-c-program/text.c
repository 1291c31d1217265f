#include "text.h"
#include "hv.h"

static size_t append_one(char *text, size_t size, size_t length, const char *string) {
    size_t more = strlen(string);
    if (more > size - 1 - length)
        more = size - 1 - length;
    memcpy(text + length, string, more);
    text[length + more] = 0;
    return length + more;
}

size_t append(char *text, size_t size, size_t length, const char *first, const char *second) {
    return append_one(text, size, append_one(text, size, length, first), second);
}

void reverse(char *string) {
    size_t length = strlen(string);
    for (size_t i = 0; i < length / 2; i++) {
        char first = string[i];
        string[i] = string[length - 1 - i];
        string[length - 1 - i] = first;
    }
}

size_t format_u64(char *digits, uint64_t number) {
    char backwards[20];
    size_t count = 0;
    do {
        backwards[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    for (size_t i = 0; i < count; i++)
        digits[i] = backwards[count - 1 - i];
    digits[count] = 0;
    return count;
}
