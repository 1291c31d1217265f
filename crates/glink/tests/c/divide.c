#include "prog.h"

s64 divide(s64 a, s64 b) {
    return b ? a / b : 0;
}

u64 power(u64 base, u32 exponent, u64 modulus) {
    u64 result = 1 % modulus;
    for (base %= modulus; exponent; exponent >>= 1) {
        if (exponent & 1) result = result * base % modulus;
        base = base * base % modulus;
    }
    return result;
}

int root(int number) {
    double guess = number;
    for (int i = 0; i < 40; i++) guess = (guess + number / guess) / 2;
    return (int)(guess * 1000);
}

double mean(const int *numbers, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) sum += numbers[i];
    return count ? sum / count : 0;
}
