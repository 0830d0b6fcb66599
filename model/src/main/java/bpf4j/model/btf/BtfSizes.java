package bpf4j.model.btf;

import java.util.Set;

/// Sizes of types, as libbpf works them out.
final class BtfSizes {
  private static final Set<String> LONG_ALIASES =
      Set.of(
          "long",
          "long int",
          "int long",
          "unsigned long",
          "long unsigned",
          "unsigned long int",
          "unsigned int long",
          "long unsigned int",
          "long int unsigned",
          "int unsigned long",
          "int long unsigned");

  private static final long U32_MAX = 0xffff_ffffL;

  private BtfSizes() {}

  /// Size of the first INT called `long`, or 0. A base has been asked before.
  static int guessPointerSize(Btf btf) {
    for (int id = btf.startId(); id < btf.typeCount(); id++) {
      if (btf.isKind(id, BtfKind.INT)
          && (btf.size(id) == 4 || btf.size(id) == 8)
          && LONG_ALIASES.contains(btf.name(id))) {
        return btf.size(id);
      }
    }
    return 0;
  }

  static long resolveSize(Btf btf, int typeId) {
    long nelems = 1;
    int id = typeId;
    for (int depth = 0; depth < Btf.MAX_RESOLVE_DEPTH; depth++) {
      if (btf.isKind(id, BtfKind.ARRAY)) {
        nelems = multiplyU32(nelems, Integer.toUnsignedLong(btf.arrayLength(id)));
        if (nelems < 0) {
          return -1;
        }
        id = btf.arrayElement(id);
        continue;
      }
      long size =
          switch (btf.kind(id)) {
            case INT, STRUCT, UNION, ENUM, ENUM64, DATASEC, FLOAT ->
                Integer.toUnsignedLong(btf.size(id));
            case PTR -> btf.pointerSize();
            case UNKN, FWD, FUNC, FUNC_PROTO -> -1;
            case ARRAY, TYPEDEF, VOLATILE, CONST, RESTRICT, VAR, DECL_TAG, TYPE_TAG -> -2;
          };
      if (size != -2) {
        return size < 0 ? -1 : multiplyU32(nelems, size);
      }
      id = btf.target(id);
    }
    return -1;
  }

  /// The product of two unsigned 32-bit numbers, or -1 where it does not fit 32 bits.
  private static long multiplyU32(long a, long b) {
    long product = a * b;
    return Long.compareUnsigned(product, U32_MAX) > 0 ? -1 : product;
  }
}
