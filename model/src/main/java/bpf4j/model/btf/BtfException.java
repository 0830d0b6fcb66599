package bpf4j.model.btf;

/// BTF bytes that say something impossible; the message names the type id or the byte offset.
///
/// Unchecked, because every walk over types read from a file may meet it; whoever opens a file
/// catches it once, where the file's name is known.
public final class BtfException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public BtfException(String message) {
    super(message);
  }

  /// An error found in type `id`.
  static BtfException at(int id, String what) {
    return new BtfException("btf: type [" + Integer.toUnsignedString(id) + "]: " + what);
  }
}
