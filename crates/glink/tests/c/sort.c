#include "prog.h"

static void swap(int *a, int *b) {
    int old = *a;
    *a = *b;
    *b = old;
}

void sort_numbers(int *first, int count) {
    while (count > 1) {
        int pivot = first[count / 2], low = 0, high = count - 1;
        while (low <= high) {
            while (first[low] < pivot) low++;
            while (first[high] > pivot) high--;
            if (low <= high) swap(&first[low++], &first[high--]);
        }
        counters[0]++;
        sort_numbers(first, high + 1);
        first += low;
        count -= low;
    }
}

int compare_names(const char *a, const char *b) {
    counters[1]++;
    while (*a && *a == *b) a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

void sort_names(const char **names, int count) {
    for (int i = 1; i < count; i++) {
        const char *name = names[i];
        int j = i;
        for (; j > 0 && compare_names(names[j - 1], name) > 0; j--) names[j] = names[j - 1];
        names[j] = name;
    }
}
