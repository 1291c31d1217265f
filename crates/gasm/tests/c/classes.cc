extern "C" int puts(const char*);
struct E{int v;}; struct B{virtual ~B(){} virtual int f(int)=0;}; struct D:B{int x; D(int y):x(y){} int f(int a)override{ if(a<0) throw E{a}; return a+x;}};
template<class T> T mx(T a,T b){return a>b?a:b;}
int g(int a){ D d(a); try{ return d.f(mx(a,3)); }catch(E&e){ puts("caught"); return e.v; } }
inline int inl(int a){static int c; return c+=a;}
int h(int a){return inl(a)+mx<long>(a,5);}
