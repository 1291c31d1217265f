// A benchmark guest: the kinds of work that processor cores are compared by. A linked list is searched, reversed and
// sorted; matrices are multiplied; a state machine reads numbers; a checksum holds it all together.
//
// riscv64-unknown-elf-gcc -O2 -march=rv32imac -mabi=ilp32 -ffreestanding -nostdlib -Wl,--section-start=.boot=0x80000000
// -Wl,-Ttext=0x80001000; ITERATIONS can be given with -D.

typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;
typedef signed short s16;

#ifndef ITERATIONS
#define ITERATIONS 2000
#endif

static u16 crc16(u16 crc, u16 value)
{
    for (int bit = 0; bit < 16; bit++) {
        u16 low = (value ^ crc) & 1;
        crc >>= 1;
        value >>= 1;
        if (low)
            crc ^= 0xa001;
    }
    return crc;
}

// ---- the list ----

struct node {
    struct node *next;
    s16 key;
    s16 data;
};

enum { NODES = 120 };
static struct node nodes[NODES];

static struct node *build(u16 seed)
{
    for (int i = 0; i < NODES; i++) {
        nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : 0;
        nodes[i].key = (s16)i;
        seed = (u16)(seed * 25173 + 13849);
        nodes[i].data = (s16)(seed & 0x7ff);
    }
    return nodes;
}

static struct node *find(struct node *list, s16 data)
{
    while (list && (list->data & 0xff) != data)
        list = list->next;
    return list;
}

static struct node *reverse(struct node *list)
{
    struct node *out = 0;
    while (list) {
        struct node *next = list->next;
        list->next = out;
        out = list;
        list = next;
    }
    return out;
}

static int by_key(const struct node *a, const struct node *b) { return a->key - b->key; }
static int by_data(const struct node *a, const struct node *b) { return a->data - b->data; }

static struct node *merge_sort(struct node *list, int (*compare)(const struct node *, const struct node *))
{
    for (int size = 1;; size *= 2) {
        struct node *p = list, *tail = 0;
        int merges = 0;
        list = 0;
        while (p) {
            struct node *q = p;
            int left = 0, right = size;
            merges++;
            for (int i = 0; i < size && q; i++) {
                left++;
                q = q->next;
            }
            while (left > 0 || (right > 0 && q)) {
                struct node *e;
                if (left == 0 || (right > 0 && q && compare(p, q) > 0)) {
                    e = q;
                    q = q->next;
                    right--;
                } else {
                    e = p;
                    p = p->next;
                    left--;
                }
                if (tail)
                    tail->next = e;
                else
                    list = e;
                tail = e;
            }
            p = q;
        }
        tail->next = 0;
        if (merges <= 1)
            return list;
    }
}

static u16 list_work(u16 crc, u16 seed)
{
    struct node *list = build(seed);
    for (int i = 0; i < 40; i++) {
        struct node *hit = find(list, (s16)(i * 7 & 0xff));
        list = reverse(list);
        crc = crc16(crc, hit ? (u16)hit->key : 0xffff);
    }
    list = merge_sort(list, by_data);
    for (struct node *n = list; n; n = n->next)
        crc = crc16(crc, (u16)n->data);
    list = merge_sort(list, by_key);
    return crc16(crc, (u16)list->data);
}

// ---- the matrices ----

enum { N = 20 };
static s16 a[N][N], b[N][N];
static int c[N][N];

static u16 matrix_work(u16 crc, u16 seed)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            seed = (u16)(seed * 25173 + 13849);
            a[i][j] = (s16)seed;
            b[i][j] = (s16)(seed >> 3);
        }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            int sum = 0;
            for (int k = 0; k < N; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
    u32 total = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            int bits = (c[i][j] >> 2 & 15) * (c[i][j] >> 5 & 127);
            total += (u32)(bits > (int)(total & 1023) ? bits : 1);
        }
    return crc16(crc, (u16)(total ^ total >> 16));
}

// ---- the state machine ----

static const char text[] = "5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,-87e+832,+0.6e-12,T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^,";

enum state { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, SCIENTIFIC, INVALID, STATES };
static u32 seen[STATES], ended[STATES];

static enum state step(enum state state, char ch)
{
    int digit = ch >= '0' && ch <= '9';
    switch (state) {
    case START:
        return digit ? INTEGER : ch == '+' || ch == '-' ? SIGN : ch == '.' ? POINT : INVALID;
    case SIGN:
        return digit ? INTEGER : ch == '.' ? POINT : INVALID;
    case INTEGER:
        return digit ? INTEGER : ch == '.' ? FRACTION : ch == 'e' ? EXPONENT : INVALID;
    case POINT:
        return digit ? FRACTION : INVALID;
    case FRACTION:
        return digit ? FRACTION : ch == 'e' || ch == 'E' ? EXPONENT : INVALID;
    case EXPONENT:
        return ch == '+' || ch == '-' ? EXPONENT_SIGN : INVALID;
    case EXPONENT_SIGN:
    case SCIENTIFIC:
        return digit ? SCIENTIFIC : INVALID;
    default:
        return INVALID;
    }
}

static u16 state_work(u16 crc, u16 seed)
{
    for (int i = 0; i < STATES; i++)
        seen[i] = ended[i] = 0;
    for (int round = 0; round < 4; round++) {
        enum state state = START;
        for (u32 i = 0; i < sizeof text - 1; i++) {
            char ch = text[i];
            if ((i + seed + (u32)round) % 23 == 0)
                ch ^= 3;
            if (ch == ',') {
                ended[state]++;
                state = START;
            } else {
                state = step(state, ch);
                seen[state]++;
            }
        }
    }
    for (int i = 0; i < STATES; i++)
        crc = crc16(crc16(crc, (u16)seen[i]), (u16)ended[i]);
    return crc;
}

u32 work(void)
{
    u16 crc = 0xffff;
    for (u32 i = 0; i < ITERATIONS; i++) {
        crc = list_work(crc, (u16)i);
        crc = matrix_work(crc, (u16)(i ^ crc));
        crc = state_work(crc, (u16)i);
    }
    return crc;
}

static u8 stack[4096] __attribute__((aligned(16), used));
u32 checksum;

// Power-off by the test finisher, which QEMU's machine has too.
__attribute__((section(".boot"), naked)) void _start(void)
{
    __asm__ volatile(".option push\n\t"
                     ".option norelax\n\t"
                     "la gp, __global_pointer$\n\t"
                     ".option pop\n\t"
                     "la sp, stack + 4096\n\t"
                     "call work\n\t"
                     "la a1, checksum\n\t"
                     "sw a0, 0(a1)\n\t"
                     "li a0, 0x5555\n\t"
                     "li a1, 0x100000\n\t"
                     "sw a0, 0(a1)\n"
                     "1:\tj 1b");
}
