#include <stddef.h>
#include <stdint.h>

/* Sorts upwards, in place. */
void sort_numbers(int32_t *numbers, size_t count); /* heap sort */
void sort_words(const char **words, size_t count); /* insertion sort, by bytes */
