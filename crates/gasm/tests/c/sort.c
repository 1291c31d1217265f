/* Sorting with callbacks, strings, tables, 64-bit arithmetic. */
typedef __SIZE_TYPE__ size_t;
void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
int printf(const char *, ...);
size_t strlen(const char *);

struct item {
    const char *name;
    int value;
    long long big;
};
static struct item items[16];
static int counter;
int shared_counter = 5;
const char *names[] = {"alpha", "beta", "gamma", "delta"};

static int compare(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return x->big < y->big ? -1 : x->big > y->big;
}

void fill(int n)
{
    for (int i = 0; i < n; i++) {
        items[i].name = names[i & 3];
        items[i].value = (i * 7919) % 100;
        items[i].big = (long long)items[i].value * 123456789LL / 7;
        counter++;
    }
}

int classify(int c)
{
    switch (c) {
    case 0: return 10;
    case 1: return 22;
    case 2: return 7;
    case 3: return 99;
    case 4: return 1;
    case 5: return 3;
    case 6: return 44;
    case 7: return 5;
    default: return -1;
    }
}

int main(int argc, char **argv)
{
    fill(16);
    qsort(items, 16, sizeof items[0], compare);
    for (int i = 0; i < 16; i++)
        printf("%s %d %lld\n", items[i].name, items[i].value, items[i].big);
    return classify(argc) + (int)strlen(argv[0]);
}
