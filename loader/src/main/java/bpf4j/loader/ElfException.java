package bpf4j.loader;

/// An object file says something impossible or unsupported; the message names file, section and
/// offset.
public final class ElfException extends Exception {
  private static final long serialVersionUID = 1;

  public ElfException(String message) {
    super(message);
  }
}
