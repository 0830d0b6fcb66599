package bpf4j.vm.jit;

/// A program of a shape that the JIT does not translate; the interpreter runs it.
final class UnsupportedProgramException extends RuntimeException {
  private static final long serialVersionUID = 1;

  UnsupportedProgramException(String message) {
    super(message);
  }
}
