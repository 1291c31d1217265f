#ifndef PROG_H
#define PROG_H
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

void put_char(int c);
void put_string(const char *text);
void put_number(s64 number);
void put_line(const char *label, s64 number);

void sort_numbers(int *first, int count);
void sort_names(const char **names, int count);
int compare_names(const char *a, const char *b);

u32 hash(const char *text);
int length(const char *text);
char *reverse(char *text);
const char *day(int number);

s64 divide(s64 a, s64 b);
u64 power(u64 base, u32 exponent, u64 modulus);
int root(int number);
double mean(const int *numbers, int count);

extern int seed;
extern int counters[16];
extern __thread int thread_number;
extern int optional(int) __attribute__((weak));
typedef int (*operation)(int, int);
extern const operation operations[4];
#endif
