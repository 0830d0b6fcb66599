package bpf4j.model.spec;

import java.util.List;
import java.util.regex.Pattern;

/// Why a program is refused before the kernel's verifier sees it, as libbpf tells it.
///
/// @param errno positive error number that `bpf_object__load` would give; from 4000 on it is one of
///   libbpf's own
/// @param messages libbpf's lines, without its `libbpf: ` prefix, the cause first; never empty
public record LoadError(int errno, List<String> messages) {
  // Names in messages come from the file and may hold anything.
  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  public LoadError {
    messages =
        messages.stream()
            .map(m -> CONTROL.matcher(m).find() ? CONTROL.matcher(m).replaceAll("?") : m)
            .toList();
    if (messages.isEmpty()) {
      throw new IllegalArgumentException("a load error has a message");
    }
  }

  /// The cause.
  public String message() {
    return messages.getFirst();
  }

  /// The error number's name, such as `ESRCH`, or its digits.
  public String errnoName() {
    for (Errno e : Errno.values()) {
      if (e.code() == errno) {
        return e.name();
      }
    }
    return Integer.toString(errno);
  }
}
