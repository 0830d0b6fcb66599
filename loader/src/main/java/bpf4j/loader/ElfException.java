package bpf4j.loader;

import java.util.Objects;

/// An object file says something impossible or unsupported, so it cannot be opened.
///
/// The message is one line: the file's name, then what libbpf would print (without its `libbpf: `
/// prefix), or our own words in its manner where libbpf has none, naming section, index or offset.
public final class ElfException extends Exception {
  private static final long serialVersionUID = 1;

  private final String reason;
  private final int errno;

  /// A refusal of a damaged file (libbpf's `LIBBPF_ERRNO__FORMAT`).
  public ElfException(String message) {
    super(message);
    this.reason = message;
    this.errno = LibbpfErrno.FORMAT;
  }

  /// A refusal in libbpf's words.
  ///
  /// @param fileName the object file's name
  /// @param reason what libbpf prints, without prefix and line end
  /// @param errno positive error number that `bpf_object__open` would give
  public ElfException(String fileName, String reason, int errno) {
    super(fileName + ": " + Objects.requireNonNull(reason));
    this.reason = reason;
    this.errno = errno;
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
