/* Many functions in one section: long distances, and more code than one block of an assembler. */
struct state {
    int a, b;
    short c;
    char d;
};
int other(int, int);
void report(const char *);
static int table[64];

#define F(n)                                                                                       \
    int f##n(int x, int y, struct state *p)                                                        \
    {                                                                                              \
        int r = n;                                                                                 \
        for (int k = 0; k < x; k++) {                                                              \
            if (p->a > y * (n % 97))                                                               \
                r += table[(k * n) & 63];                                                          \
            else if (p->b < n)                                                                     \
                r ^= other(k, y);                                                                  \
            else                                                                                   \
                p->c += k;                                                                         \
            switch ((r + k) & 7) {                                                                 \
            case 0: r += 1; break;                                                                 \
            case 1: r *= 3; break;                                                                 \
            case 2: report("case two of " #n); break;                                              \
            case 3: r -= y; break;                                                                 \
            case 4: p->a = r; break;                                                               \
            case 5: r = other(r, n); break;                                                        \
            case 6: p->b ^= r;                                                                     \
            default: r >>= 1;                                                                      \
            }                                                                                      \
        }                                                                                          \
        table[n % 64] = r;                                                                         \
        return r;                                                                                  \
    }
#define F10(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7) F(n##8) F(n##9)

F10(1) F10(2) F10(3) F10(4) F10(5) F10(6) F10(7) F10(8) F10(9)
