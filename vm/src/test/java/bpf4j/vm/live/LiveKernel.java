package bpf4j.vm.live;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// The kernel under the tests, asked through `bpf(2)`. Loads and test-runs only.
@SuppressWarnings("restricted")
public final class LiveKernel {
  private static final int MAP_CREATE = 0;
  private static final int MAP_LOOKUP_ELEM = 1;
  private static final int MAP_UPDATE_ELEM = 2;
  private static final int PROG_LOAD = 5;
  private static final int PROG_TEST_RUN = 10;
  private static final int SYS_BPF = 321;
  private static final int ATTR_SIZE = 144;
  private static final int EAGAIN = 11;
  private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CAPTURE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle SYSCALL =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().find("syscall").orElseThrow(),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.ADDRESS,
                  ValueLayout.JAVA_LONG),
              Linker.Option.captureCallState("errno"),
              Linker.Option.firstVariadicArg(1));
  private static final MethodHandle CLOSE =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().find("close").orElseThrow(),
              FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  /// What a test run gave.
  ///
  /// @param errno 0, or why the kernel refused
  public record Run(int errno, int retval, byte[] dataOut, byte[] ctxOut, int durationNanos) {}

  private LiveKernel() {}

  /// Why this machine's kernel cannot be asked, or null when it can.
  public static @Nullable String unavailable() {
    if (!System.getProperty("os.name").equals("Linux")
        || !System.getProperty("os.arch").equals("amd64")) {
      return "no Linux on x86-64";
    }
    int fd = load(1, new long[] {0xb7L, 0x95L});
    if (fd < 0) {
      return "bpf(2) refuses to load: errno " + -fd;
    }
    close(fd);
    return null;
  }

  /// Loads a program; its file descriptor or a negated errno.
  public static int load(int progType, long[] insns) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment code = arena.allocateFrom(ValueLayout.JAVA_LONG, insns);
      MemorySegment attr = arena.allocate(ATTR_SIZE, 8);
      attr.set(ValueLayout.JAVA_INT, 0, progType);
      attr.set(ValueLayout.JAVA_INT, 4, insns.length);
      attr.set(ValueLayout.JAVA_LONG, 8, code.address());
      attr.set(ValueLayout.JAVA_LONG, 16, arena.allocateFrom("GPL").address());
      int fd = -EAGAIN;
      for (int i = 0; i < 5 && fd == -EAGAIN; i++) {
        fd = bpf(arena, PROG_LOAD, attr);
      }
      return fd;
    }
  }

  /// Creates a map; its file descriptor or a negated errno.
  public static int createMap(int type, int keySize, int valueSize, int maxEntries, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attr = arena.allocate(ATTR_SIZE, 8);
      attr.set(ValueLayout.JAVA_INT, 0, type);
      attr.set(ValueLayout.JAVA_INT, 4, keySize);
      attr.set(ValueLayout.JAVA_INT, 8, valueSize);
      attr.set(ValueLayout.JAVA_INT, 12, maxEntries);
      attr.set(ValueLayout.JAVA_INT, 16, flags);
      return bpf(arena, MAP_CREATE, attr);
    }
  }

  /// 0 or a negated errno.
  public static int updateMap(int fd, byte[] key, byte[] value, long flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attr = arena.allocate(ATTR_SIZE, 8);
      attr.set(ValueLayout.JAVA_INT, 0, fd);
      attr.set(ValueLayout.JAVA_LONG, 8, arena.allocateFrom(ValueLayout.JAVA_BYTE, key).address());
      attr.set(
          ValueLayout.JAVA_LONG, 16, arena.allocateFrom(ValueLayout.JAVA_BYTE, value).address());
      attr.set(ValueLayout.JAVA_LONG, 24, flags);
      return bpf(arena, MAP_UPDATE_ELEM, attr);
    }
  }

  /// The value, or null where there is none.
  public static byte @Nullable [] lookupMap(int fd, byte[] key, int valueSize) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attr = arena.allocate(ATTR_SIZE, 8);
      MemorySegment value = arena.allocate(valueSize, 8);
      attr.set(ValueLayout.JAVA_INT, 0, fd);
      attr.set(ValueLayout.JAVA_LONG, 8, arena.allocateFrom(ValueLayout.JAVA_BYTE, key).address());
      attr.set(ValueLayout.JAVA_LONG, 16, value.address());
      return bpf(arena, MAP_LOOKUP_ELEM, attr) < 0 ? null : value.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /// `BPF_PROG_TEST_RUN`.
  public static Run testRun(
      int fd, byte[] data, int dataOutSize, byte[] ctx, int ctxOutSize, int repeat, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attr = arena.allocate(ATTR_SIZE, 8);
      MemorySegment dataOut = arena.allocate(Math.max(dataOutSize, 1), 8);
      MemorySegment ctxOut = arena.allocate(Math.max(ctxOutSize, 1), 8);
      attr.set(ValueLayout.JAVA_INT, 0, fd);
      attr.set(ValueLayout.JAVA_INT, 8, data.length);
      attr.set(ValueLayout.JAVA_INT, 12, dataOutSize);
      if (data.length > 0) {
        attr.set(
            ValueLayout.JAVA_LONG, 16, arena.allocateFrom(ValueLayout.JAVA_BYTE, data).address());
      }
      attr.set(ValueLayout.JAVA_LONG, 24, dataOutSize == 0 ? 0 : dataOut.address());
      attr.set(ValueLayout.JAVA_INT, 32, repeat);
      attr.set(ValueLayout.JAVA_INT, 40, ctx.length);
      attr.set(ValueLayout.JAVA_INT, 44, ctxOutSize);
      if (ctx.length > 0) {
        attr.set(
            ValueLayout.JAVA_LONG, 48, arena.allocateFrom(ValueLayout.JAVA_BYTE, ctx).address());
      }
      attr.set(ValueLayout.JAVA_LONG, 56, ctxOutSize == 0 ? 0 : ctxOut.address());
      attr.set(ValueLayout.JAVA_INT, 64, flags);
      int error = bpf(arena, PROG_TEST_RUN, attr);
      int outSize = Math.min(attr.get(ValueLayout.JAVA_INT, 12), dataOutSize);
      int ctxSize = Math.min(attr.get(ValueLayout.JAVA_INT, 44), ctxOutSize);
      return new Run(
          -error,
          attr.get(ValueLayout.JAVA_INT, 4),
          dataOut.asSlice(0, outSize).toArray(ValueLayout.JAVA_BYTE),
          ctxOut.asSlice(0, ctxSize).toArray(ValueLayout.JAVA_BYTE),
          attr.get(ValueLayout.JAVA_INT, 36));
    }
  }

  public static void close(int fd) {
    try {
      int ignored = (int) CLOSE.invokeExact(fd);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static int bpf(Arena arena, int cmd, MemorySegment attr) {
    MemorySegment state = arena.allocate(CAPTURE);
    try {
      long r =
          (long) SYSCALL.invokeExact(state, (long) SYS_BPF, (long) cmd, attr, (long) ATTR_SIZE);
      return r >= 0 ? (int) r : -(int) ERRNO.get(state, 0L);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
