#include <stddef.h>
#include <stdint.h>

/* Appends two strings to a text of `length` bytes, as far as there is room. The new length. */
size_t append(char *text, size_t size, size_t length, const char *first, const char *second);

/* Turns a string round, in place. */
void reverse(char *string);

/* Writes a number in decimal, at most 20 digits and a zero byte. The number of digits. */
size_t format_u64(char *digits, uint64_t number);
