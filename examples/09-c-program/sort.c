#include "sort.h"
#include "hv.h"

/* Lets numbers[at] sink until it is not smaller than what is below it in the heap. */
static void sink(int32_t *numbers, size_t at, size_t count) {
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            return;
        if (child + 1 < count && numbers[child + 1] > numbers[child])
            child++;
        if (numbers[at] >= numbers[child])
            return;
        int32_t above = numbers[at];
        numbers[at] = numbers[child];
        numbers[child] = above;
        at = child;
    }
}

void sort_numbers(int32_t *numbers, size_t count) {
    for (size_t i = count / 2; i > 0; i--)
        sink(numbers, i - 1, count);
    for (size_t end = count; end > 1; end--) {
        int32_t largest = numbers[0];
        numbers[0] = numbers[end - 1];
        numbers[end - 1] = largest;
        sink(numbers, 0, end - 1);
    }
}

void sort_words(const char **words, size_t count) {
    for (size_t i = 1; i < count; i++) {
        const char *word = words[i];
        size_t j = i;
        for (; j > 0 && strcmp(words[j - 1], word) > 0; j--)
            words[j] = words[j - 1];
        words[j] = word;
    }
}
