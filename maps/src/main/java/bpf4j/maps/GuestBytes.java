package bpf4j.maps;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// Little-endian words in keys and values as user space holds them.
public final class GuestBytes {
  private static final VarHandle U32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle U64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private GuestBytes() {}

  /// The 4 bytes of `n`.
  public static byte[] u32(int n) {
    byte[] bytes = new byte[4];
    U32.set(bytes, 0, n);
    return bytes;
  }

  /// The 8 bytes of `n`.
  public static byte[] u64(long n) {
    byte[] bytes = new byte[8];
    U64.set(bytes, 0, n);
    return bytes;
  }

  /// The word in the first 4 bytes.
  public static int u32(byte[] bytes) {
    return (int) U32.get(bytes, 0);
  }

  /// The word in the first 8 bytes.
  public static long u64(byte[] bytes) {
    return (long) U64.get(bytes, 0);
  }

  /// The index behind `key` of an array: 0 for no key or one out of range, null behind the last.
  static byte @Nullable [] nextIndex(byte @Nullable [] key, int maxEntries) {
    int index = key == null ? -1 : u32(key);
    if (Integer.compareUnsigned(index, maxEntries) >= 0) {
      return u32(0);
    }
    return index == maxEntries - 1 ? null : u32(index + 1);
  }
}
