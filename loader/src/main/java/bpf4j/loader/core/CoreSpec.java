package bpf4j.loader.core;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.Errno;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// An access path in one BTF: which type, which members and array elements on the way, and where
/// that leads.
///
/// `raw` has every index of the access string, anonymous members included; the accessors only have
/// what has a meaning in the source: named members and array indices.
final class CoreSpec {
  /// Deepest access path that libbpf follows.
  static final int MAX_LEN = 64;

  final Btf btf;
  final int rootTypeId;
  final CoreReloKind kind;

  private final int[] accessorType = new int[MAX_LEN];
  private final int[] accessorIdx = new int[MAX_LEN];
  private final @Nullable String[] accessorName = new @Nullable String[MAX_LEN];
  private int len;
  private final int[] raw = new int[MAX_LEN];
  private int rawLen;

  /// Offset in bits, an unsigned 32-bit number that wraps as libbpf's does.
  private int bitOffset;

  CoreSpec(Btf btf, int rootTypeId, CoreReloKind kind) {
    this.btf = btf;
    this.rootTypeId = rootTypeId;
    this.kind = kind;
  }

  int len() {
    return len;
  }

  int typeAt(int i) {
    return accessorType[i];
  }

  int idxAt(int i) {
    return accessorIdx[i];
  }

  /// Member or enumerator name at step `i`, null for an array index.
  @Nullable String nameAt(int i) {
    return accessorName[i];
  }

  int bitOffset() {
    return bitOffset;
  }

  void addBits(int bits) {
    bitOffset += bits;
  }

  boolean pushRaw(int idx) {
    if (rawLen == MAX_LEN) {
      return false;
    }
    raw[rawLen++] = idx;
    return true;
  }

  void popRaw() {
    rawLen--;
  }

  void push(int typeId, int idx, @Nullable String name) {
    accessorType[len] = typeId;
    accessorIdx[len] = idx;
    accessorName[len] = name;
    len++;
  }

  void pop() {
    len--;
  }

  /// Parses the access string of a relocation over the object's own types. `progName` and
  /// `warnings` serve the one failure that libbpf explains.
  static CoreSpec parse(
      Btf btf,
      int typeId,
      String access,
      CoreReloKind kind,
      String progName,
      Consumer<String> warnings)
      throws CoreException {
    if (access.isEmpty() || access.charAt(0) == ':') {
      throw invalid("access string '" + access + "' has no first index");
    }
    var spec = new CoreSpec(btf, typeId, kind);
    if (kind.subject() == CoreReloKind.Subject.TYPE) {
      if (!access.equals("0")) {
        throw invalid("access string of a type relocation is '" + access + "', not '0'");
      }
      return spec;
    }
    spec.parseIndices(access);
    int id = btf.skipModsAndTypedefs(typeId);
    if (kind.subject() == CoreReloKind.Subject.ENUMVAL) {
      int idx = spec.raw[0];
      if (!btf.kind(id).isAnyEnum() || spec.rawLen > 1 || idx < 0 || idx >= btf.vlen(id)) {
        throw invalid("access string '" + access + "' names no enumerator");
      }
      spec.push(id, idx, btf.enumName(id, idx));
      return spec;
    }
    spec.push(id, spec.raw[0], null);
    spec.addElements(id, spec.raw[0]);
    for (int i = 1; i < spec.rawLen; i++) {
      id = spec.step(id, i, progName, warnings);
    }
    return spec;
  }

  private void parseIndices(String access) throws CoreException {
    int at = 0;
    while (at < access.length()) {
      if (access.charAt(at) == ':') {
        at++;
      }
      int from = at;
      if (at < access.length() && (access.charAt(at) == '-' || access.charAt(at) == '+')) {
        at++;
      }
      while (at < access.length() && access.charAt(at) >= '0' && access.charAt(at) <= '9') {
        at++;
      }
      int idx;
      try {
        idx = Integer.parseInt(access, from, at, 10);
      } catch (NumberFormatException e) {
        throw invalid("access string has no number at " + from);
      }
      if (!pushRaw(idx)) {
        throw new CoreException(Errno.E2BIG, "access string has over " + MAX_LEN + " indices");
      }
    }
  }

  /// Follows index `i` of the access string into type `typeId`; returns the type it leads to.
  private int step(int typeId, int i, String progName, Consumer<String> warnings)
      throws CoreException {
    int id = btf.skipModsAndTypedefs(typeId);
    int idx = raw[i];
    BtfKind typeKind = btf.kind(id);
    if (typeKind.isComposite()) {
      if (idx < 0 || idx >= btf.vlen(id)) {
        throw invalid("member index " + idx + " of [" + id + "] is out of range");
      }
      addBits(btf.memberBitOffset(id, idx));
      if (btf.memberNameOff(id, idx) != 0) {
        push(id, idx, btf.memberName(id, idx));
      }
      return btf.memberType(id, idx);
    }
    if (typeKind == BtfKind.ARRAY) {
      if (!inArray(id, idx)) {
        throw invalid("index " + idx + " of array [" + id + "] is out of range");
      }
      int element = btf.skipModsAndTypedefs(btf.arrayElement(id));
      push(element, idx, null);
      addElements(element, idx);
      return element;
    }
    // libbpf has moved past the whole access string by now and prints nothing in its place.
    String message =
        "prog '%s': relo for [%s]  (at idx %d) captures type [%d] of unexpected kind %s"
            .formatted(progName, Integer.toUnsignedString(rootTypeId), i, id, typeKind.label());
    warnings.accept(message);
    throw invalid(message);
  }

  private void addElements(int elementType, int count) throws CoreException {
    long size = btf.resolveSize(elementType);
    if (size < 0) {
      throw invalid("type [" + elementType + "] has no size");
    }
    addBits((int) (count * size * 8));
  }

  private static CoreException invalid(String message) {
    return new CoreException(Errno.EINVAL, message);
  }

  /// Whether the array `arrayId`, met after the last accessor, has an element `idx`: a zero-length
  /// array in the last member of a struct has any.
  boolean inArray(int arrayId, int idx) {
    boolean flexible =
        btf.arrayLength(arrayId) == 0
            && accessorName[len - 1] != null
            && accessorIdx[len - 1] == btf.vlen(accessorType[len - 1]) - 1;
    return flexible || Integer.compareUnsigned(idx, btf.arrayLength(arrayId)) < 0;
  }

  /// The spec in libbpf's words, such as `<byte_off> [7] struct foo.a[2] (0:1:2 @ offset 12)`.
  String format() {
    var out = new StringBuilder();
    String name = btf.name(rootTypeId);
    out.append('<').append(kind.label()).append("> [").append(rootTypeId).append("] ");
    out.append(btf.kind(rootTypeId).label()).append(' ');
    out.append(name.isEmpty() ? "<anon>" : name);
    switch (kind.subject()) {
      case TYPE -> {}
      case ENUMVAL -> formatEnumerator(out);
      case FIELD -> formatField(out);
    }
    return out.toString();
  }

  private void formatEnumerator(StringBuilder out) {
    int id = btf.skipModsAndTypedefs(rootTypeId);
    long value = btf.enumValue(id, raw[0]);
    out.append("::").append(btf.enumName(id, raw[0])).append(" = ");
    out.append(btf.kindFlag(id) ? Long.toString(value) : Long.toUnsignedString(value));
  }

  private void formatField(StringBuilder out) {
    for (int i = 0; i < len; i++) {
      if (accessorName[i] != null) {
        out.append('.').append(accessorName[i]);
      } else if (i > 0 || accessorIdx[i] > 0) {
        out.append('[').append(Integer.toUnsignedString(accessorIdx[i])).append(']');
      }
    }
    out.append(" (");
    for (int i = 0; i < rawLen; i++) {
      out.append(i == 0 ? "" : ":").append(raw[i]);
    }
    out.append(" @ offset ").append(Integer.divideUnsigned(bitOffset, 8));
    if (bitOffset % 8 != 0) {
      out.append('.').append(Integer.remainderUnsigned(bitOffset, 8));
    }
    out.append(')');
  }

  @Override
  public String toString() {
    return format() + Arrays.toString(Arrays.copyOf(raw, rawLen));
  }
}
