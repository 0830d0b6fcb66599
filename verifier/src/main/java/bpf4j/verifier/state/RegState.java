package bpf4j.verifier.state;

import bpf4j.verifier.domain.ScalarRange;
import bpf4j.verifier.domain.Tnum;

/// What is known about one register or spilled register. Immutable.
///
/// For a pointer, `off` is its fixed offset and `range` the variable part added to it. For a scalar
/// linked to others, `off` is the constant that [#ADD_CONST] says was added to the common value.
public final class RegState {
  /// Flag in `id`: this scalar is the linked value plus `off`, added as 64-bit.
  public static final int ADD_CONST64 = 1 << 31;

  /// Flag in `id`: this scalar is the linked value plus `off`, added as 32-bit.
  public static final int ADD_CONST32 = 1 << 30;

  public static final int ADD_CONST = ADD_CONST64 | ADD_CONST32;

  public static final RegState NOT_INIT = new RegState(RegType.NOT_INIT, ScalarRange.UNKNOWN);
  public static final RegState UNKNOWN = new RegState(RegType.SCALAR, ScalarRange.UNKNOWN);
  public static final RegState ZERO = new RegState(RegType.SCALAR, ScalarRange.ZERO);
  static final RegState UNKNOWN_PRECISE = UNKNOWN.withPrecise(true);

  private final int type;
  private final int off;
  private final Pointee pointee;
  private final ScalarRange range;
  private final int id;
  private final int refObjId;
  private final int frameno;
  private final boolean precise;

  private RegState(int type, ScalarRange range) {
    this(type, 0, Pointee.NONE, range, 0, 0, 0, false);
  }

  private RegState(
      int type,
      int off,
      Pointee pointee,
      ScalarRange range,
      int id,
      int refObjId,
      int frameno,
      boolean precise) {
    this.type = type;
    this.off = off;
    this.pointee = pointee;
    this.range = range;
    this.id = id;
    this.refObjId = refObjId;
    this.frameno = frameno;
    this.precise = precise;
  }

  /// An unknown scalar; `precise` where every scalar must be compared exactly (unprivileged).
  public static RegState unknown(boolean precise) {
    return precise ? UNKNOWN_PRECISE : UNKNOWN;
  }

  public static RegState constant(long v) {
    return v == 0 ? ZERO : new RegState(RegType.SCALAR, ScalarRange.constant(v));
  }

  public static RegState scalar(ScalarRange range) {
    return new RegState(RegType.SCALAR, range);
  }

  /// A pointer without offset.
  public static RegState pointer(int type, Pointee pointee) {
    return new RegState(type, 0, pointee, ScalarRange.ZERO, 0, 0, 0, false);
  }

  public static RegState framePointer(int frameno) {
    return new RegState(RegType.STACK, 0, Pointee.NONE, ScalarRange.ZERO, 0, 0, frameno, false);
  }

  public int type() {
    return type;
  }

  public int off() {
    return off;
  }

  public Pointee pointee() {
    return pointee;
  }

  public ScalarRange range() {
    return range;
  }

  public Tnum varOff() {
    return range.tnum;
  }

  public int id() {
    return id;
  }

  public int refObjId() {
    return refObjId;
  }

  public int frameno() {
    return frameno;
  }

  public boolean precise() {
    return precise;
  }

  public boolean isScalar() {
    return type == RegType.SCALAR;
  }

  /// Whether it is a scalar known to be zero, which also stands for a null pointer.
  public boolean isNull() {
    return type == RegType.SCALAR && range.tnum.isConst(0);
  }

  public boolean isConstScalar(boolean is32) {
    return type == RegType.SCALAR && range.isConst(is32);
  }

  /// The id without the [#ADD_CONST] flags.
  public int baseId() {
    return id & ~ADD_CONST;
  }

  /// The map of a map pointer, value or key.
  public VerifierMap map() {
    return ((Pointee.MapRef) pointee).map();
  }

  public int mapUid() {
    return pointee instanceof Pointee.MapRef r ? r.uid() : 0;
  }

  public int packetRange() {
    return pointee instanceof Pointee.PacketRange r ? r.range() : 0;
  }

  public int memSize() {
    return pointee instanceof Pointee.Memory m ? m.size() : 0;
  }

  public int dynptrId() {
    return pointee instanceof Pointee.Memory m ? m.dynptrId() : 0;
  }

  /// The BTF type of a `BTF_ID` register.
  public Pointee.BtfRef btf() {
    return (Pointee.BtfRef) pointee;
  }

  /// Fixed and variable offset together; only for a known variable part.
  public long constOff() {
    return off + range.tnum.value();
  }

  public RegState withType(int newType) {
    return new RegState(newType, off, pointee, range, id, refObjId, frameno, precise);
  }

  public RegState withOff(int newOff) {
    return new RegState(type, newOff, pointee, range, id, refObjId, frameno, precise);
  }

  public RegState withPointee(Pointee p) {
    return new RegState(type, off, p, range, id, refObjId, frameno, precise);
  }

  public RegState withRange(ScalarRange r) {
    return r == range ? this : new RegState(type, off, pointee, r, id, refObjId, frameno, precise);
  }

  public RegState withId(int newId) {
    return newId == id
        ? this
        : new RegState(type, off, pointee, range, newId, refObjId, frameno, precise);
  }

  public RegState withRefObjId(int ref) {
    return new RegState(type, off, pointee, range, id, ref, frameno, precise);
  }

  public RegState withFrameno(int frame) {
    return new RegState(type, off, pointee, range, id, refObjId, frame, precise);
  }

  public RegState withPrecise(boolean p) {
    return p == precise ? this : new RegState(type, off, pointee, range, id, refObjId, frameno, p);
  }

  /// A scalar without link to others.
  public RegState unlinked() {
    return id == 0 && off == 0
        ? this
        : new RegState(type, 0, pointee, range, 0, refObjId, frameno, precise);
  }

  /// This pointer moved: new fixed and variable offsets.
  public RegState moved(int newOff, ScalarRange r, int newId, Pointee p) {
    return new RegState(type, newOff, p, r, newId, refObjId, frameno, precise);
  }

  /// Whether type, offsets, ranges and pointee are the same; says nothing of ids.
  public boolean sameValue(RegState o) {
    return type == o.type && off == o.off && range.same(o.range) && pointee.equals(o.pointee);
  }
}
