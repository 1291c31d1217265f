/* A program that needs a large part of a C library: the linker's benchmark links it and nobody runs it. */

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

static int put(char c, FILE *file) { (void)file; return c; }
static FILE console = FDEV_SETUP_STREAM(put, 0, 0, _FDEV_SETUP_WRITE);
FILE *const stdin = &console, *const stdout = &console, *const stderr = &console;

void _exit(int status) { (void)status; for (;;) { } }

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static double (*const of_double[])(double) = {
    sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, exp, exp2, expm1, log, log2, log10, log1p,
    sqrt, cbrt, erf, erfc, lgamma, tgamma, floor, ceil, rint, round, trunc, j0, j1, y0, y1, logb,
};
static float (*const of_float[])(float) = {
    sinf, cosf, tanf, asinf, acosf, atanf, sinhf, coshf, tanhf, asinhf, acoshf, atanhf, expf, exp2f, expm1f, logf,
    log2f, log10f, log1pf, sqrtf, cbrtf, erff, erfcf, lgammaf, tgammaf, floorf, ceilf, rintf, roundf, truncf,
};
static double (*const of_two[])(double, double) = { pow, atan2, fmod, hypot, remainder, fmin, fmax, nextafter, fdim };
static int (*const of_character[])(int) = { isalpha, isdigit, isspace, ispunct, isxdigit, toupper, tolower, abs };

double numbers[8];
char text[1000];
wchar_t wide[100];

int main(void)
{
    int n = 0;
    for (unsigned i = 0; i < sizeof of_double / sizeof *of_double; i++) numbers[0] += of_double[i](numbers[1]);
    for (unsigned i = 0; i < sizeof of_float / sizeof *of_float; i++) numbers[0] += of_float[i](numbers[2]);
    for (unsigned i = 0; i < sizeof of_two / sizeof *of_two; i++) numbers[0] += of_two[i](numbers[3], numbers[4]);
    for (unsigned i = 0; i < sizeof of_character / sizeof *of_character; i++) n += of_character[i](text[n]);
    n += printf("%s %d %f\n", text, n, numbers[0]) + sscanf(text, "%d %lf", &n, numbers) + snprintf(text, 10, "%g", numbers[1]);
    qsort(text, 10, 4, compare);
    n += *(char *)bsearch(text, text, 10, 4, compare) + strtol(text, 0, 10) + strtoul(text, 0, 10) + strtoll(text, 0, 3);
    numbers[1] += strtod(text, 0) + strtof(text, 0) + atof(text) + ldexp(numbers[2], 3) + frexp(numbers[3], &n) + jn(2, numbers[4]);
    strcpy(text, "x"), strcat(text, text + 3), strncpy(text, text + 5, n), strncat(text, text + 9, n), memmove(text, text + n, n), memset(text, n, n);
    n += strcmp(text, text + 4) + strlen(text) + strspn(text, text + 1) + strcspn(text, text + 2) + memcmp(text, text + 3, n);
    n += strcoll(text, text + 1) + strxfrm(text, text + 2, n) + strcasecmp(text, text + 3) + strncasecmp(text, text + 3, 3) + ffs(n);
    n += !strtok(text, text + 3) + !strstr(text, text + 9) + !strrchr(text, n) + !strpbrk(text, text + 3) + !memchr(text, n, n) + !strdup(text) + !strerror(n);
    time_t time = n;
    n += strftime(text, 10, "%c", localtime(&time)) + mktime(gmtime(&time)) + *asctime(gmtime(&time));
    n += mbstowcs(wide, text, 10) + wcstombs(text, wide, 10) + wcslen(wide) + wcscmp(wide, wide + 3) + wcstol(wide, 0, 10);
    numbers[2] += wcstod(wide, 0) + drand48();
    n += towupper(n) + iswalpha(n) + !setlocale(LC_ALL, "C") + hcreate(3) + !getenv(text) + rand() + random() + a64l(text) + *l64a(n);
    free(malloc(n)), free(realloc(text, n)), free(calloc(n, n)), hdestroy(), srand(n), srandom(n);
    n += div(n, 3).rem + ldiv(n, 3).rem;
    exit(n);
}
