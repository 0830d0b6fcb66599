package bpf4j.vm.helper;

import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;

/// `bpf_str*`: C strings that may lie anywhere. Source: linux-6.18 helpers.c; EFAULT negated for
/// memory that is not there, E2BIG negated behind `XATTR_SIZE_MAX` bytes, ENOENT negated for what
/// is not found.
final class StringKfuncs {
  private static final int MAX = 65536;
  private static final long EFAULT = Errno.EFAULT.negated();
  private static final long E2BIG = Errno.E2BIG.negated();
  private static final long ENOENT = Errno.ENOENT.negated();

  private StringKfuncs() {}

  static void register(KfuncRegistry r) {
    r.add("bpf_strlen", (rc, s, _, _, _, _) -> length(rc, s, MAX));
    r.add("bpf_strnlen", (rc, s, n, _, _, _) -> length(rc, s, n));
    r.add("bpf_strcmp", (rc, a, b, _, _, _) -> compare(rc, a, b, MAX, false));
    r.add("bpf_strcasecmp", (rc, a, b, _, _, _) -> compare(rc, a, b, MAX, true));
    r.add("bpf_strchr", (rc, s, c, _, _, _) -> find(rc, s, MAX, (int) c & 0xff, false));
    r.add("bpf_strchrnul", (rc, s, c, _, _, _) -> find(rc, s, MAX, (int) c & 0xff, true));
    r.add("bpf_strnchr", (rc, s, n, c, _, _) -> find(rc, s, n, (int) c & 0xff, false));
    r.add("bpf_strrchr", StringKfuncs::findLast);
    r.add("bpf_strspn", (rc, s, set, _, _, _) -> span(rc, s, set, true));
    r.add("bpf_strcspn", (rc, s, set, _, _, _) -> span(rc, s, set, false));
    r.add("bpf_strstr", (rc, s, sub, _, _, _) -> search(rc, s, sub, MAX));
    r.add("bpf_strnstr", (rc, s, sub, n, _, _) -> search(rc, s, sub, n));
  }

  /// The character, or a negated errno.
  private static long at(RunCtx rc, long addr) {
    return RunEnv.of(rc).isReadable(addr, 1) ? rc.memory().getU8(addr) : EFAULT;
  }

  private static long length(RunCtx rc, long s, long most) {
    long n = Math.min(most & Long.MAX_VALUE, MAX);
    for (long i = 0; i < n; i++) {
      long c = at(rc, s + i);
      if (c <= 0) {
        return c < 0 ? c : i;
      }
    }
    return n == MAX ? E2BIG : n;
  }

  private static long compare(RunCtx rc, long a, long b, long most, boolean ignoreCase) {
    for (long i = 0; i < most; i++) {
      long x = at(rc, a + i);
      long y = at(rc, b + i);
      if (x < 0 || y < 0) {
        return EFAULT;
      }
      if (ignoreCase) {
        x = Character.toLowerCase((char) x);
        y = Character.toLowerCase((char) y);
      }
      if (x != y) {
        return x < y ? -1 : 1;
      }
      if (x == 0) {
        return 0;
      }
    }
    return E2BIG;
  }

  private static long find(RunCtx rc, long s, long most, int wanted, boolean orEnd) {
    long n = Math.min(most & Long.MAX_VALUE, MAX);
    for (long i = 0; i < n; i++) {
      long c = at(rc, s + i);
      if (c < 0) {
        return c;
      }
      if (c == wanted || (orEnd && c == 0)) {
        return i;
      }
      if (c == 0) {
        return ENOENT;
      }
    }
    return n == MAX ? E2BIG : ENOENT;
  }

  private static long findLast(RunCtx rc, long s, long wanted, long r3, long r4, long r5) {
    long last = ENOENT;
    for (long i = 0; i < MAX; i++) {
      long c = at(rc, s + i);
      if (c < 0) {
        return c;
      }
      if (c == (wanted & 0xff)) {
        last = i;
      }
      if (c == 0) {
        return last;
      }
    }
    return E2BIG;
  }

  private static long span(RunCtx rc, long s, long set, boolean accept) {
    for (long i = 0; i < MAX; i++) {
      long c = at(rc, s + i);
      if (c <= 0) {
        return c < 0 ? c : i;
      }
      long found = find(rc, set, MAX, (int) c, false);
      if (found < 0 && found != ENOENT) {
        return found;
      }
      if ((found >= 0) != accept) {
        return i;
      }
    }
    return E2BIG;
  }

  private static long search(RunCtx rc, long s, long sub, long most) {
    long n = Math.min(most & Long.MAX_VALUE, MAX);
    for (long i = 0; i < MAX; i++) {
      long j = 0;
      while (true) {
        long y = at(rc, sub + j);
        if (y < 0) {
          return y;
        }
        if (y == 0) {
          return i;
        }
        if (i + j >= n) {
          return n == MAX ? E2BIG : ENOENT;
        }
        long x = at(rc, s + i + j);
        if (x < 0) {
          return x;
        }
        if (x == 0) {
          return ENOENT;
        }
        if (x != y) {
          break;
        }
        j++;
      }
    }
    return E2BIG;
  }
}
