package bpf4j.maps;

/// Numbers that bound map attributes on the machine that we stand in for: Linux 6.18 on x86-64 with
/// 4 KiB pages.
final class MapLimits {
  static final int PAGE_SIZE = 4096;

  /// Greatest size of one kernel allocation. Source: `KMALLOC_MAX_SIZE`.
  static final int KMALLOC_MAX_SIZE = 1 << 22;

  /// Source: `PCPU_MIN_UNIT_SIZE`.
  static final int PCPU_MIN_UNIT_SIZE = 32 << 10;

  /// Source: `sizeof(struct htab_elem)`.
  static final int HTAB_ELEM_HEADER = 48;

  /// Source: `sizeof(struct bucket)`.
  static final int HTAB_BUCKET = 16;

  /// Source: `CONFIG_NR_CPUS` of the kernel that the golden calls were recorded on.
  static final int NR_CPUS = 256;

  /// Source: sysctl `kernel.perf_event_max_stack`.
  static final int PERF_MAX_STACK = 127;

  /// Source: `sizeof(struct bpf_stack_build_id)`.
  static final int BUILD_ID_ENTRY = 32;

  static final int MAX_BPF_STACK = 512;

  /// Source: `BPF_LOCAL_STORAGE_MAX_VALUE_SIZE`.
  static final int LOCAL_STORAGE_MAX_VALUE = 65535 - 128;

  private MapLimits() {}
}
