/* Random numbers of Philox4x32-10, with the bits of io.kiln.op.internal.Philox: a work item makes four numbers of a block. KIND is 0 for
   uniform, 1 for Bernoulli, 2 for normal numbers. */
typedef struct {
  long size;
  long to;
  long seed;
  long draw;
} Parameters;

typedef struct {
  double a;
  double b;
} Numbers;

KERNEL fill_random(GLOBAL uchar *y, ARGUMENT Parameters p, ARGUMENT Numbers n) {
  for (long block = GID(0); block * 4 < p.size; block += GSZ(0)) {
    uint c[4] = {(uint)block, (uint)((ulong)block >> 32), (uint)p.draw, (uint)((ulong)p.draw >> 32)};
    uint k0 = (uint)p.seed;
    uint k1 = (uint)((ulong)p.seed >> 32);
    for (int r = 0; r < 10; r++) {
      uint high0 = MULHI(0xD2511F53u, c[0]);
      uint low0 = 0xD2511F53u * c[0];
      uint high1 = MULHI(0xCD9E8D57u, c[2]);
      uint low1 = 0xCD9E8D57u * c[2];
      c[0] = high1 ^ c[1] ^ k0;
      c[1] = low1;
      c[2] = high0 ^ c[3] ^ k1;
      c[3] = low0;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    float v[4];
    for (int i = 0; i < 4; i++) {
#if KIND == 0
      v[i] = (float)(n.a + (n.b - n.a) * (double)((float)(c[i] >> 8) * 5.9604644775390625e-8f));
#elif KIND == 1
      v[i] = (double)((float)(c[i] >> 8) * 5.9604644775390625e-8f) < n.a ? 1 : 0;
#else
      double radius = sqrt(-2 * log(((double)c[i & 2] + 0.5) * 2.3283064365386963e-10));
      double angle = 2 * 3.141592653589793 * 2.3283064365386963e-10 * (double)c[(i & 2) + 1];
      v[i] = (float)(n.a + n.b * (radius * ((i & 1) == 0 ? cos(angle) : sin(angle))));
#endif
    }
    for (int i = 0; i < 4 && block * 4 + i < p.size; i++) {
      store(y, p.to + block * 4 + i, TYPE, v[i]);
    }
  }
}
