package bpf4j.cli;

/// What the user gave cannot be used; the message says what and why, in one line.
final class InputProblem extends RuntimeException {
  private static final long serialVersionUID = 1;

  InputProblem(String message) {
    super(message, null, false, false);
  }
}
