package bpf4j.loader;

import java.util.regex.Pattern;

/// An object file says something impossible or unsupported, so it cannot be opened.
///
/// The message is one line: the file's name, then what libbpf would print (without its `libbpf: `
/// prefix), or our own words in its manner where libbpf has none, naming section, index or offset.
public final class ElfException extends Exception {
  private static final long serialVersionUID = 1;

  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  private final String reason;
  private final int errno;

  /// A refusal of a damaged file (libbpf's `LIBBPF_ERRNO__FORMAT`).
  public ElfException(String message) {
    super(oneLine(message));
    this.reason = oneLine(message);
    this.errno = LibbpfErrno.FORMAT;
  }

  /// A refusal in libbpf's words.
  ///
  /// @param fileName the object file's name
  /// @param reason what libbpf prints, without prefix and line end
  /// @param errno positive error number that `bpf_object__open` would give
  public ElfException(String fileName, String reason, int errno) {
    super(oneLine(fileName + ": " + reason));
    this.reason = oneLine(reason);
    this.errno = errno;
  }

  /// Names in a message come from the file and may hold anything; control characters become `?`.
  private static String oneLine(String text) {
    return CONTROL.matcher(text).replaceAll("?");
  }

  /// The message without the file's name.
  public String reason() {
    return reason;
  }

  /// The positive error number that `bpf_object__open` would give; from 4000 on it is one of
  /// libbpf's own.
  public int errno() {
    return errno;
  }
}
