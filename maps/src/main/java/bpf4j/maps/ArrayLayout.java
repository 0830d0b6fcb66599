package bpf4j.maps;

/// Where the elements of ARRAY and PERCPU_ARRAY lie.
///
/// ```text
///   ARRAY          descriptor + DATA + index * elem_size
///   PERCPU_ARRAY   descriptor + DATA + cpu * STRIDE + index * elem_size
/// ```
///
/// `elem_size` ([MapLayout#ELEM_SIZE]) is the value size rounded up to 8; [MapLayout#STRIDE] is
/// written at creation. An index is out of range when it is not below `max_entries`, unsigned.
/// Values are 16-byte aligned for the first element and 8-byte aligned for all.
public final class ArrayLayout {
  /// Bytes from the descriptor to element 0.
  public static final int DATA = MapLayout.SIZE;

  private ArrayLayout() {}

  /// Bytes from one element to the next.
  public static long elemSize(int valueSize) {
    return (Integer.toUnsignedLong(valueSize) + 7) & -8;
  }
}
