package bpf4j.model.btf.value;

import bpf4j.model.btf.Btf;
import org.jspecify.annotations.Nullable;

/// Turns bytes of a BTF type into Java values and back.
///
/// | BTF | Java |
/// |---|---|
/// | integer, pointer | `Long`; `BigInteger` where it does not fit one |
/// | boolean | `Boolean` |
/// | enum | the enumerator's name; a `Long` where none has the value |
/// | float | `Double` |
/// | array | `List`; a `String` for zero-terminated printable text |
/// | struct, union | `Map` by member name in order; members of anonymous ones are its own |
///
/// In the other direction a number may also be a string (`"0x1f"`, `"31"`), a boolean a number, an
/// enumerator a number, text a list of numbers; a union takes one of its members; what a map leaves
/// out is zero. So the values under `formatted` in the output of `bpftool map dump -j` can be read
/// back, after any JSON parser.
///
/// ```java
/// byte[] value = ValueCodec.encode(btf, typeId, Map.of("packets", 3, "saddr", "0x0a000001"));
/// ```
public final class ValueCodec {
  private ValueCodec() {}

  /// The Java value of the bytes. Throws [bpf4j.model.btf.BtfException] where the type has no
  /// values or is longer than `data`.
  public static Object decode(Btf btf, int typeId, byte[] data) {
    return new ValueDecoder(btf, data).decode(typeId);
  }

  /// The bytes of a Java value, as many as the type takes. Throws [IllegalArgumentException], which
  /// names the path to what is wrong, where the value does not fit the type.
  public static byte[] encode(Btf btf, int typeId, @Nullable Object value) {
    return encode(btf, typeId, value, "value");
  }

  /// As [#encode(Btf, int, Object)]; `name` stands at the start of the path in messages.
  public static byte[] encode(Btf btf, int typeId, @Nullable Object value, String name) {
    int size = new ValueShape(btf, 0).size(typeId, MAX_ENCODED);
    var encoder = new ValueEncoder(btf, new byte[size]);
    encoder.put(typeId, 0, value, name, 0);
    return encoder.bytes();
  }

  /// Largest value encoded: the kernel's own limit for a map value is smaller.
  private static final int MAX_ENCODED = 1 << 30;
}
