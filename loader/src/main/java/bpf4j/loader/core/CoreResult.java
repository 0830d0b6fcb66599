package bpf4j.loader.core;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.Errno;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What one relocation comes to: the value that the compiler put into the instruction, and the
/// value in the target.
///
/// @param poison whether the target has nothing to put there
/// @param validate whether the instruction must hold `origValue` before it is patched
/// @param badMemSize whether a load or store of the field would go wrong in the target
/// @param origSize bytes of the field that a load or store reads here, 0 where it does not matter
/// @param newSize bytes of that field in the target
record CoreResult(
    long origValue,
    long newValue,
    boolean poison,
    boolean validate,
    boolean badMemSize,
    int origSize,
    int newSize) {

  /// A value on one side; `size` and `typeId` describe the field for loads and stores.
  private record Side(long value, int size, int typeId, boolean validate) {
    static Side of(long value, boolean validate) {
      return new Side(value, 0, 0, validate);
    }
  }

  /// Names a relocation in messages.
  record Place(String progName, int insnIdx, int kindNumber, Consumer<String> warnings) {
    CoreException fail(Errno errno, String rest) {
      String message =
          "prog '%s': relo %d at insn #%d %s".formatted(progName, kindNumber, insnIdx, rest);
      warnings.accept(message);
      return new CoreException(errno, message);
    }
  }

  /// The value of a `TYPE_ID_LOCAL` relocation, which needs no target.
  static CoreResult localTypeId(int typeId) {
    long id = Integer.toUnsignedLong(typeId);
    return new CoreResult(id, id, false, false, false, 0, 0);
  }

  /// Works out both values; `target` is null where no candidate matches.
  static CoreResult of(CoreSpec local, @Nullable CoreSpec target, Place place)
      throws CoreException {
    Side orig = side(local, place);
    if (target == null && needsTarget(local.kind)) {
      return new CoreResult(orig.value, 0, true, orig.validate, false, orig.size, 0);
    }
    Side now = target == null ? Side.of(0, true) : side(target, place);
    boolean badMemSize =
        target != null
            && orig.size != now.size
            && !resizable(local.btf, orig.typeId, target.btf, now.typeId);
    return new CoreResult(
        orig.value, now.value, false, orig.validate, badMemSize, orig.size, now.size);
  }

  /// Whether an instruction has no meaning without a target (existence and type facts are then 0).
  private static boolean needsTarget(CoreReloKind kind) {
    return switch (kind) {
      case FIELD_BYTE_OFFSET,
          FIELD_BYTE_SIZE,
          FIELD_SIGNED,
          FIELD_LSHIFT_U64,
          FIELD_RSHIFT_U64,
          ENUMVAL_VALUE ->
          true;
      case FIELD_EXISTS,
          TYPE_ID_LOCAL,
          TYPE_ID_TARGET,
          TYPE_EXISTS,
          TYPE_SIZE,
          TYPE_MATCHES,
          ENUMVAL_EXISTS ->
          false;
    };
  }

  /// Pointers, and unsigned integers, keep their value when they are read with another width.
  private static boolean resizable(Btf local, int localId, Btf target, int targetId) {
    BtfKind l = local.kind(localId);
    BtfKind t = target.kind(targetId);
    return (l == BtfKind.PTR && t == BtfKind.PTR)
        || (l == BtfKind.INT
            && t == BtfKind.INT
            && local.intEncoding(localId) != Btf.INT_SIGNED
            && target.intEncoding(targetId) != Btf.INT_SIGNED);
  }

  private static Side side(CoreSpec spec, Place place) throws CoreException {
    Btf btf = spec.btf;
    return switch (spec.kind) {
      case FIELD_EXISTS, TYPE_EXISTS, TYPE_MATCHES, ENUMVAL_EXISTS -> Side.of(1, true);
      case TYPE_ID_LOCAL, TYPE_ID_TARGET -> Side.of(Integer.toUnsignedLong(spec.rootTypeId), false);
      case TYPE_SIZE -> Side.of(sizeOf(btf, spec.rootTypeId), true);
      case ENUMVAL_VALUE -> {
        int id = spec.typeAt(0);
        long value = btf.enumValue(id, spec.idxAt(0));
        // A 32-bit value is sign-extended even in an unsigned enum.
        yield Side.of(btf.isKind(id, BtfKind.ENUM) ? (int) value : value, true);
      }
      case FIELD_BYTE_OFFSET, FIELD_BYTE_SIZE, FIELD_SIGNED, FIELD_LSHIFT_U64, FIELD_RSHIFT_U64 ->
          spec.nameAt(spec.len() - 1) == null
              ? element(spec, place)
              : new Field(spec, place).side();
    };
  }

  private static long sizeOf(Btf btf, int typeId) throws CoreException {
    long size = btf.resolveSize(typeId);
    if (size < 0) {
      throw new CoreException(Errno.EINVAL, "type [" + typeId + "] has no size");
    }
    return size;
  }

  private static Side element(CoreSpec spec, Place place) throws CoreException {
    int typeId = spec.typeAt(spec.len() - 1);
    if (spec.kind == CoreReloKind.FIELD_BYTE_OFFSET) {
      long offset = Integer.toUnsignedLong(spec.bitOffset()) / 8;
      return new Side(offset, (int) sizeOf(spec.btf, typeId), typeId, true);
    }
    if (spec.kind == CoreReloKind.FIELD_BYTE_SIZE) {
      return Side.of(sizeOf(spec.btf, typeId), true);
    }
    throw place.fail(Errno.EINVAL, "can't be applied to array access");
  }

  /// Where a named member lies, and the bytes to load for it.
  private static final class Field {
    private final CoreSpec spec;
    private final int typeId;
    private final boolean bitfield;
    private final long bitOffset;
    private long bits;
    private long byteSize;
    private long byteOffset;

    Field(CoreSpec spec, Place place) throws CoreException {
      this.spec = spec;
      Btf btf = spec.btf;
      int owner = spec.typeAt(spec.len() - 1);
      int idx = spec.idxAt(spec.len() - 1);
      typeId = btf.skipModsAndTypedefs(btf.memberType(owner, idx));
      bits = btf.memberBitfieldSize(owner, idx);
      bitfield = bits > 0;
      bitOffset = Integer.toUnsignedLong(spec.bitOffset());
      if (bitfield) {
        widen(place);
      } else {
        byteSize = sizeOf(btf, typeId);
        byteOffset = bitOffset / 8;
        bits = byteSize * 8;
      }
    }

    /// Finds the smallest aligned load of a power of two bytes that holds the whole bitfield.
    private void widen(Place place) throws CoreException {
      byteSize = Integer.toUnsignedLong(spec.btf.size(typeId));
      if (byteSize == 0) {
        throw new CoreException(Errno.EINVAL, "bitfield of type [" + typeId + "] has no size");
      }
      byteOffset = bitOffset / 8 / byteSize * byteSize;
      while (bitOffset + bits - byteOffset * 8 > byteSize * 8) {
        if (byteSize >= 8) {
          throw place.fail(Errno.E2BIG, "can't be satisfied for bitfield");
        }
        byteSize *= 2;
        byteOffset = bitOffset / 8 / byteSize * byteSize;
      }
    }

    /// A compiler may lay its access to a bitfield out differently, so most values of one are not
    /// compared with the instruction.
    Side side() {
      Btf btf = spec.btf;
      return switch (spec.kind) {
        case FIELD_BYTE_OFFSET ->
            bitfield
                ? Side.of(byteOffset, false)
                : new Side(byteOffset, (int) byteSize, typeId, true);
        case FIELD_BYTE_SIZE -> Side.of(byteSize, !bitfield);
        case FIELD_SIGNED -> {
          BtfKind kind = btf.kind(typeId);
          boolean signed =
              (kind.isAnyEnum() && btf.kindFlag(typeId))
                  || (kind == BtfKind.INT && (btf.intEncoding(typeId) & Btf.INT_SIGNED) != 0);
          yield Side.of(signed ? 1 : 0, true);
        }
        case FIELD_LSHIFT_U64 -> {
          long within = bitOffset - byteOffset * 8;
          long shift = btf.isBigEndian() ? (8 - byteSize) * 8 + within : 64 - (within + bits);
          yield Side.of(truncate(shift), !bitfield);
        }
        case FIELD_RSHIFT_U64 -> Side.of(truncate(64 - bits), true);
        case FIELD_EXISTS,
            TYPE_ID_LOCAL,
            TYPE_ID_TARGET,
            TYPE_EXISTS,
            TYPE_SIZE,
            TYPE_MATCHES,
            ENUMVAL_EXISTS,
            ENUMVAL_VALUE ->
            throw new IllegalStateException(spec.kind + " is not about the place of a field");
      };
    }

    /// libbpf computes shifts in unsigned 32-bit arithmetic, also for fields wider than 64 bits.
    private static long truncate(long shift) {
      return shift & 0xffff_ffffL;
    }
  }
}
