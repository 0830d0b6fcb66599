package bpf4j.model.asm;

import bpf4j.model.spec.ProgramSpec;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One test case of a case file: a program and what is expected of it. [CaseFile] says how it is
/// written.
///
/// @param line line of the case's beginning, counted from 1
public record AsmCase(
    String name, int line, ProgramSpec program, Assembly assembly, List<Expectation> expectations) {
  /// What an [Expectation] is about.
  public enum Kind {
    /// The verifier accepts.
    ACCEPT,
    /// The verifier rejects with this message.
    REJECT,
    /// The log at level 2 contains this line.
    LOG,
    /// The verifier counts this many processed instructions.
    PROCESSED,
    /// A test run returns this number.
    RETVAL,
    /// Packet of the test run, in hex.
    DATA_IN,
    /// Packet after the test run, in hex.
    DATA_OUT,
    /// Context of the test run, in hex.
    CTX_IN,
    /// A known gap and its reason: the case must still fail.
    XFAIL
  }

  /// @param unprivileged whether it is about a loader without capabilities
  /// @param errno name of the error of a rejection, or null when any will do
  /// @param text what stands behind the colon; empty for [Kind#ACCEPT]
  /// @param slotIdx slot of the instruction on the same line, or -1
  public record Expectation(
      Kind kind,
      boolean unprivileged,
      @Nullable String errno,
      String text,
      int slotIdx,
      int line) {}

  public AsmCase {
    expectations = List.copyOf(expectations);
  }

  /// The first expectation of `kind` for the privileged loader.
  public Optional<Expectation> expected(Kind kind) {
    return expectations.stream().filter(e -> e.kind == kind && !e.unprivileged).findFirst();
  }
}
