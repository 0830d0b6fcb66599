package bpf4j.model.btf.dump;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.io.IOException;

/// The listing that `bpftool btf dump file X` (`format raw`) prints: a line for each type, and an
/// indented one for each member, value, parameter or variable.
///
/// ```java
/// RawDump.write(btf, System.out);
/// ```
public final class RawDump {
  private static final String[] LINKAGES = {"static", "global", "extern"};

  private final Btf btf;
  private final Appendable out;

  private RawDump(Btf btf, Appendable out) {
    this.btf = btf;
    this.out = out;
  }

  /// Writes all types, those of a base left out.
  public static void write(Btf btf, Appendable out) throws IOException {
    var dump = new RawDump(btf, out);
    for (int id = btf.startId(); id < btf.typeCount(); id++) {
      dump.type(id);
    }
  }

  /// Writes one type.
  public static void writeType(Btf btf, int id, Appendable out) throws IOException {
    new RawDump(btf, out).type(id);
  }

  private void type(int id) throws IOException {
    BtfKind kind = btf.kind(id);
    out.append('[').append(Integer.toString(id)).append("] ");
    out.append(kind == BtfKind.UNKN ? "UNKNOWN" : kind.name()).append(' ');
    quoted(btf.nameOff(id));
    switch (kind) {
      case UNKN -> {}
      case INT -> {
        field("size", btf.size(id));
        field("bits_offset", btf.intBitOffset(id));
        field("nr_bits", btf.intBits(id));
        out.append(" encoding=").append(encoding(btf.intEncoding(id)));
      }
      case PTR, CONST, VOLATILE, RESTRICT, TYPEDEF, TYPE_TAG -> field("type_id", btf.target(id));
      case ARRAY -> {
        field("type_id", btf.arrayElement(id));
        field("index_type_id", btf.arrayIndex(id));
        field("nr_elems", btf.arrayLength(id));
      }
      case STRUCT, UNION -> members(id);
      case ENUM, ENUM64 -> values(id, kind == BtfKind.ENUM64);
      case FWD -> out.append(" fwd_kind=").append(btf.kindFlag(id) ? "union" : "struct");
      case FUNC -> {
        field("type_id", btf.target(id));
        out.append(" linkage=").append(linkage(btf.linkage(id)));
      }
      case FUNC_PROTO -> params(id);
      case VAR -> {
        field("type_id", btf.target(id));
        out.append(", linkage=").append(linkage(btf.linkage(id)));
      }
      case DATASEC -> vars(id);
      case FLOAT -> field("size", btf.size(id));
      case DECL_TAG -> {
        field("type_id", btf.target(id));
        out.append(" component_idx=").append(Integer.toString(btf.declTagComponent(id)));
      }
    }
    out.append('\n');
  }

  private void members(int id) throws IOException {
    field("size", btf.size(id));
    field("vlen", btf.vlen(id));
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      out.append("\n\t");
      quoted(btf.memberNameOff(id, i));
      field("type_id", btf.memberType(id, i));
      field("bits_offset", btf.memberBitOffset(id, i));
      if (btf.memberBitfieldSize(id, i) != 0) {
        field("bitfield_size", btf.memberBitfieldSize(id, i));
      }
    }
  }

  private void values(int id, boolean wide) throws IOException {
    boolean signed = btf.kindFlag(id);
    out.append(signed ? " encoding=SIGNED" : " encoding=UNSIGNED");
    field("size", btf.size(id));
    field("vlen", btf.vlen(id));
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      out.append("\n\t");
      quoted(btf.enumNameOff(id, i));
      long value = btf.enumValue(id, i);
      out.append(" val=").append(signed ? Long.toString(value) : Long.toUnsignedString(value));
      if (wide) {
        out.append(signed ? "LL" : "ULL");
      }
    }
  }

  private void params(int id) throws IOException {
    field("ret_type_id", btf.target(id));
    field("vlen", btf.vlen(id));
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      out.append("\n\t");
      quoted(btf.paramNameOff(id, i));
      field("type_id", btf.paramType(id, i));
    }
  }

  private void vars(int id) throws IOException {
    field("size", btf.size(id));
    field("vlen", btf.vlen(id));
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      int type = btf.varSecType(id, i);
      out.append("\n\ttype_id=").append(Integer.toUnsignedString(type));
      field("offset", btf.varSecOffset(id, i));
      field("size", btf.varSecSize(id, i));
      BtfKind kind = btf.kind(type);
      out.append(" (").append(kind == BtfKind.UNKN ? "UNKNOWN" : kind.name()).append(' ');
      quoted(btf.nameOff(type));
      out.append(')');
    }
  }

  private void quoted(int nameOff) throws IOException {
    out.append('\'').append(nameOff == 0 ? "(anon)" : btf.string(nameOff)).append('\'');
  }

  private void field(String name, int value) throws IOException {
    out.append(' ').append(name).append('=').append(Integer.toUnsignedString(value));
  }

  private static String encoding(int bits) {
    return switch (bits) {
      case 0 -> "(none)";
      case Btf.INT_SIGNED -> "SIGNED";
      case Btf.INT_CHAR -> "CHAR";
      case Btf.INT_BOOL -> "BOOL";
      default -> "UNKN";
    };
  }

  private static String linkage(int number) {
    return number >= 0 && number < LINKAGES.length ? LINKAGES[number] : "(unknown)";
  }
}
