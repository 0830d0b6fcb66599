package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;
import java.nio.charset.StandardCharsets;

/// Printing.
final class TraceHelpers {
  /// `MAX_BPRINTF_VARARGS`.
  private static final int MAX_ARGS = 12;

  /// `BPF_TRACE_PRINTK_SIZE`.
  private static final int MAX_LINE = 1024;

  private TraceHelpers() {}

  static void register(HelperRegistry r) {
    r.add("trace_printk", TraceHelpers::tracePrintk);
    r.add("trace_vprintk", TraceHelpers::traceVprintk);
    r.add("snprintf", TraceHelpers::snprintf);
  }

  private static long tracePrintk(RunCtx rc, long format, long size, long a, long b, long c) {
    return print(rc, format, size, new long[] {a, b, c});
  }

  private static long traceVprintk(
      RunCtx rc, long format, long size, long data, long dataSize, long r5) {
    long[] args = arguments(rc.memory(), data, dataSize & 0xffff_ffffL);
    return args == null ? Errno.EINVAL.negated() : print(rc, format, size, args);
  }

  private static long print(RunCtx rc, long format, long size, long[] args) {
    RunEnv env = RunEnv.of(rc);
    try {
      byte[] text = rc.memory().getBytes(format, (int) size);
      String line = Bprintf.print(env, text, args);
      line = line.substring(0, Math.min(line.length(), MAX_LINE - 1));
      env.kernel().trace(line);
      return line.length();
    } catch (Bprintf.FormatException e) {
      return e.errno().negated();
    }
  }

  /// The arguments in memory, or null when their size is wrong.
  static long @org.jspecify.annotations.Nullable [] arguments(
      GuestMemory memory, long data, long size) {
    if (size % 8 != 0 || size > MAX_ARGS * 8 || (size != 0 && data == 0)) {
      return null;
    }
    long[] args = new long[(int) size / 8];
    for (int i = 0; i < args.length; i++) {
      args[i] = memory.getU64(data + i * 8L);
    }
    return args;
  }

  private static long snprintf(
      RunCtx rc, long str, long strSize, long format, long data, long dataSize) {
    RunEnv env = RunEnv.of(rc);
    GuestMemory memory = rc.memory();
    long[] args = arguments(memory, data, dataSize & 0xffff_ffffL);
    if (args == null) {
      return Errno.EINVAL.negated();
    }
    try {
      byte[] text =
          Bprintf.print(env, cString(env, format), args).getBytes(StandardCharsets.ISO_8859_1);
      int room = (int) strSize;
      if (room > 0) {
        int n = Math.min(text.length, room - 1);
        memory.putBytes(str, text, 0, n);
        memory.putU8(str + n, 0);
      }
      return text.length + 1L;
    } catch (Bprintf.FormatException e) {
      return e.errno().negated();
    }
  }

  /// The bytes at `addr` up to and with the NUL.
  static byte[] cString(RunEnv env, long addr) {
    int n = 0;
    while (n < MAX_LINE && env.isReadable(addr + n, 1) && env.memory().getU8(addr + n) != 0) {
      n++;
    }
    return env.memory().getBytes(addr, n + 1);
  }
}
