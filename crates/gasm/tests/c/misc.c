#include <stdint.h>
#include <stdarg.h>
_Thread_local int tls_a; _Thread_local int tls_b=4; extern _Thread_local int tls_c;
extern int ext_array[]; extern void ext_func(int); __attribute__((weak)) int weak_var=3; __attribute__((weak)) void weak_func(void){}
volatile uint32_t *uart=(uint32_t*)0x10000000;
double dd=3.5; float ff=1.25f;
int sum(int n,...){va_list a;va_start(a,n);int s=0;while(n--)s+=va_arg(a,int);va_end(a);return s;}
uint64_t mul(uint64_t a,uint64_t b){return a*b;} int64_t divs(int64_t a,int64_t b){return a/b;}
int use_tls(void){return tls_a+tls_b+tls_c;}
static inline uint32_t csr(void){uint32_t v;__asm__ volatile("csrr %0, mstatus":"=r"(v));return v;}
uint32_t get(void){return csr();}
void loop(int n){for(int i=0;i<n;i++){ext_func(ext_array[i]);if(ext_array[i]<0)weak_func();}}
double fd(double a,double b){return a*b+dd;} float fs(float a){return a/ff;}
_Atomic int at; int inc(void){return at++;} 
__attribute__((constructor)) void init(void){at=1;}
__attribute__((section(".fast.text"))) int fast(int x){return x*7;}
int big(int x){ int a[2000]; for(int i=0;i<2000;i++)a[i]=x*i; int s=0; for(int i=0;i<2000;i++) s^=a[(i*37)%2000]; return s;}
const char *str(int i){ static const char *const t[]={"one","two","three","four \"quoted\" \n\t\001\377"}; return t[i&3]; }
unsigned popc(unsigned x){return __builtin_popcount(x);} int clz(unsigned x){return __builtin_clz(x);} unsigned bs(unsigned x){return __builtin_bswap32(x);}
