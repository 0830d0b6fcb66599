package bpf4j.vm.jit;

/// Local variables of a compiled function.
///
/// ```
///   0      RunCtx
///   1..10  r1..r5   (arguments)
///  11      r10
///  13      r0
///  15..22  r6..r9
///  23      what is left for may_goto (int)
///  24      an object, for a moment
///  25, 26  state and entry of a region
///  27      an int, for a moment
///  28      a long, for a moment
///  30…     pieces of the stack frame ([StackPlan])
/// ```
final class Registers {
  static final int RC = 0;
  static final int FP = 11;
  static final int R0 = 13;
  static final int MAY_GOTO = 23;
  static final int TEMP = 24;
  static final int TEMP_INT = 27;
  static final int TEMP_LONG = 28;
  static final int STACK_PIECES = 30;

  private static final int[] LOCAL = {R0, 1, 3, 5, 7, 9, 15, 17, 19, 21, FP};

  private Registers() {}

  /// The first of the two local variables that hold register `reg`.
  static int local(int reg) {
    return LOCAL[reg];
  }
}
