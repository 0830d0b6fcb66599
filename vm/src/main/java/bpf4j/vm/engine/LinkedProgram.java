package bpf4j.vm.engine;

import bpf4j.maps.BpfMap;
import bpf4j.model.spec.ProgType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A program with every reference resolved: what an engine needs to make an [Executable].
///
/// @param index number of the program in its collection, part of its function pointers
/// @param insns the raw slots, unchanged ([bpf4j.model.isa.RawInsn])
/// @param imm64 for each slot with `ld_imm64`: the value it loads (map descriptor, map value,
///   function pointer, kernel variable or plain number)
/// @param calls for each slot with a helper or kfunc call: its body; null elsewhere
/// @param maps the live maps in the order of the spec's map list
/// @param exceptionCallbackSlot where the program's exception callback starts, or -1
/// @param arenaUserBase user-space address of the program's arena, or 0
public record LinkedProgram(
    int index,
    String name,
    ProgType type,
    long[] insns,
    long[] imm64,
    @Nullable HelperBody[] calls,
    List<BpfMap> maps,
    int exceptionCallbackSlot,
    long arenaUserBase) {
  private static final long FUNCTION_BASE = 0xffff_f000_0000_0000L;

  /// The function pointer of the subprogram at `slotIdx`: a number outside guest memory.
  public static long functionPointer(int programIndex, int slotIdx) {
    return FUNCTION_BASE | (long) programIndex << 24 | (long) slotIdx << 3;
  }

  /// The program's index in a function pointer, or -1 when `pointer` is not one.
  public static int programIndexOf(long pointer) {
    return (pointer & 0xffff_f000_0000_0007L) == FUNCTION_BASE
        ? (int) (pointer >>> 24) & 0xfffff
        : -1;
  }

  /// The instruction slot in a function pointer.
  public static int slotOf(long pointer) {
    return (int) (pointer >>> 3) & 0x1f_ffff;
  }
}
