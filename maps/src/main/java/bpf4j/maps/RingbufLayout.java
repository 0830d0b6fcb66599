package bpf4j.maps;

/// Where a ring buffer lies.
///
/// ```text
///   DATA - 8192   u64 consumer_pos    written by the consumer (release)
///   DATA - 4096   u64 producer_pos    written by the producer (release)
///   DATA          ring of max_entries bytes, then as much again: a record that begins near the
///                 end of the ring runs on there, as it does through the kernel's second mapping
/// record: u32 len | BUSY | DISCARD (release), u32 the map's id, data, padding to 8
/// ```
///
/// Positions only grow; a record lies at `DATA + (pos & (max_entries - 1))`.
public final class RingbufLayout {
  /// Bytes in front of a record's data.
  public static final int HEADER = 8;

  /// In a header's first word: the producer is still writing.
  public static final int BUSY = 1 << 31;

  /// In a header's first word: to be skipped.
  public static final int DISCARD = 1 << 30;

  /// Offset in the header of the owning map's id.
  static final int OWNER = 4;

  static final int CONSUMER_POS = -2 * MapLimits.PAGE_SIZE;
  static final int PRODUCER_POS = -MapLimits.PAGE_SIZE;

  /// Flags of submit, discard and output.
  public static final long BPF_RB_NO_WAKEUP = 1;

  public static final long BPF_RB_FORCE_WAKEUP = 2;

  private RingbufLayout() {}

  /// Bytes that a record of `size` bytes takes.
  static long recordBytes(long size) {
    return (size + HEADER + 7) & -8;
  }
}
