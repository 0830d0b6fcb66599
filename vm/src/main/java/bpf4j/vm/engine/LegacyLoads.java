package bpf4j.vm.engine;

/// The packet that `LD_ABS` and `LD_IND` read: offsets count from the packet's start, the result is
/// in host byte order.
@FunctionalInterface
public interface LegacyLoads {
  /// The unsigned `size`-byte (1, 2 or 4) big-endian number at `off`, or -1 when it is not inside
  /// the packet, which ends the function with `r0` = 0.
  long load(RunCtx rc, int off, int size);
}
