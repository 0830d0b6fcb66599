package bpf4j.model.proto;

/// One field of a context, with what one kind of program may do with it.
///
/// @param name the uapi name; `(padding)` where there is none
/// @param off bytes from the start of the context
/// @param size bytes
/// @param reads allowed access sizes, as the sum of the sizes (1, 2, 4, 8 are bits)
/// @param readsAtStart sizes that are allowed at the first byte only, and may pass the field's end
/// @param writes allowed access sizes
/// @param kind what a load yields
/// @param struct name of the kernel struct for [CtxKind#TRUSTED_BTF_ID], else empty
public record CtxField(
    String name,
    int off,
    int size,
    int reads,
    int readsAtStart,
    int writes,
    CtxKind kind,
    String struct) {

  /// The first byte behind the field.
  public int end() {
    return off + size;
  }

  /// Whether an access of `bytes` (1, 2, 4 or 8) at `accessOff` within this field is allowed.
  boolean allows(int accessOff, int bytes, boolean write) {
    if (accessOff % bytes != 0) {
      return false;
    }
    if (!write && accessOff == off && (readsAtStart & bytes) != 0) {
      return true;
    }
    return ((write ? writes : reads) & bytes) != 0 && accessOff + bytes <= end();
  }

  static CtxField parse(String[] row) {
    int off = Integer.parseInt(row[2]);
    CtxKind kind = row[6].equals("-") ? CtxKind.SCALAR : CtxKind.parse(row[6]);
    String struct = kind == CtxKind.TRUSTED_BTF_ID ? row[6].substring(kind.logName().length()) : "";
    return new CtxField(
        row[1],
        off,
        Integer.parseInt(row[3]),
        sizes(row[4], false),
        sizes(row[4], true),
        sizes(row[5], false),
        kind,
        struct);
  }

  private static int sizes(String text, boolean atStart) {
    int bits = 0;
    if (text.equals("-")) {
      return 0;
    }
    for (String token : text.split(",", -1)) {
      if (token.startsWith("@") == atStart) {
        bits |= Integer.parseInt(atStart ? token.substring(1) : token);
      }
    }
    return bits;
  }
}
