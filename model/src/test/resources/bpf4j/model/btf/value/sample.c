typedef unsigned int u32; typedef unsigned long long u64; typedef unsigned char u8; typedef _Bool bool;
#define SEC(n) __attribute__((section(n),used))
enum color { RED, GREEN = 5, NEG = -3 };
enum big { HUGE = 0x100000000ULL, ONE=1 };
struct key { u32 a; unsigned short b; u8 c[2]; };
struct inner { int x; char name[8]; };
struct val {
  u32 bf1:3; u32 bf2:7; int sbf:5; u64 wide:40;
  enum color col; enum big b; 
  union { u32 whole; u8 part[4]; };
  struct inner in[2];
  char text[8]; char raw[4]; u8 bytes[3]; signed char sc; bool flag;
  void *p; const char *q; 
  long long neg; short sh; unsigned short us;
  u64 m[2][2]; 
  struct { int an; } named_anon;
  char ch; __int128 i128; unsigned __int128 u128;
};
struct { int (*type)[1]; int (*max_entries)[4]; struct key *key; struct val *value; } m SEC(".maps");
struct val glob = { .text = "hi" };
int counter = 7; static volatile int st = 3;
char LIC[] SEC("license") = "GPL";
static void *(*lookup)(void *, const void *) = (void*)1;
SEC("socket") int prog(void *ctx) { struct key k = {}; struct val *v = lookup(&m, &k); return (v ? v->us : 0) + glob.us + counter + st; }
