package bpf4j.verifier.state;

/// One entry of a state's history, for walking a path backwards: a non-linear step to `insnIdx`
/// from `prevIdx`, or what the instruction did to the stack or to linked registers.
///
/// @param flags [#STACK_ACCESS] with slot and frame, [#SRC_STACK], [#DST_STACK]
/// @param linkedRegs packed [LinkedRegs], 0 for none
public record HistoryEntry(int insnIdx, int prevIdx, int flags, long linkedRegs) {
  private static final int FRAME_BITS = 3;
  private static final int SPI_BITS = 6;

  /// The instruction spilled to or filled from one stack slot.
  public static final int STACK_ACCESS = 1 << 9;

  /// The destination operand of the jump is a stack pointer.
  public static final int DST_STACK = 1 << 10;

  /// The source operand of the jump is a stack pointer.
  public static final int SRC_STACK = 1 << 11;

  public static int stackAccess(int frameno, int spi) {
    return STACK_ACCESS | spi << FRAME_BITS | frameno;
  }

  public boolean isStackAccess() {
    return (flags & STACK_ACCESS) != 0;
  }

  public int frameno() {
    return flags & ((1 << FRAME_BITS) - 1);
  }

  public int spi() {
    return flags >> FRAME_BITS & ((1 << SPI_BITS) - 1);
  }
}
