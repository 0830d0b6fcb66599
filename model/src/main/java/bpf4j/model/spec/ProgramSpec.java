package bpf4j.model.spec;

import bpf4j.model.btf.Btf;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One program of an object file, linked and relocated: the arguments of `BPF_PROG_LOAD`.
///
/// `insns` holds the program and every subprogram it can reach, one raw word
/// ([bpf4j.model.isa.RawInsn]) a slot. In a `ld_imm64` with `BPF_PSEUDO_MAP_FD` or
/// `BPF_PSEUDO_MAP_VALUE` the immediate is the index of the map in `maps`.
///
/// @param attachTo target named by the section (function, tracepoint, struct_ops member), or null
/// @param progFlags bits of `prog_flags` of `BPF_PROG_LOAD` (sleepable, XDP frags, …)
/// @param maps the maps it refers to, in order of first use
/// @param btf the object's types, or null where it has none
/// @param funcInfo start of each subprogram with its BTF FUNC, in instruction order; may be empty
/// @param lineInfo source lines in instruction order; may be empty
/// @param expectedAttachType the number handed to the kernel: that of `attachType`, 0 for none, and
///   for a struct_ops program the index of the kernel struct's member it implements
/// @param loadError why libbpf would not hand the program to the kernel at all, or null; `insns` is
///   then what had been linked by that time
public record ProgramSpec(
    String name,
    String section,
    ProgType type,
    @Nullable AttachType attachType,
    @Nullable String attachTo,
    int attachBtfId,
    int progFlags,
    String license,
    int kernVersion,
    boolean autoload,
    long[] insns,
    List<MapSpec> maps,
    @Nullable Btf btf,
    List<FuncInfo> funcInfo,
    List<LineInfo> lineInfo,
    int expectedAttachType,
    @Nullable LoadError loadError) {

  /// A program that nothing speaks against loading, with the number of its attach type.
  public ProgramSpec(
      String name,
      String section,
      ProgType type,
      @Nullable AttachType attachType,
      @Nullable String attachTo,
      int attachBtfId,
      int progFlags,
      String license,
      int kernVersion,
      boolean autoload,
      long[] insns,
      List<MapSpec> maps,
      @Nullable Btf btf,
      List<FuncInfo> funcInfo,
      List<LineInfo> lineInfo) {
    this(
        name,
        section,
        type,
        attachType,
        attachTo,
        attachBtfId,
        progFlags,
        license,
        kernVersion,
        autoload,
        insns,
        maps,
        btf,
        funcInfo,
        lineInfo,
        attachType == null ? 0 : attachType.id(),
        null);
  }

  /// `struct bpf_func_info`: where a function starts (slot index) and its BTF FUNC type id.
  public record FuncInfo(int slotIdx, int typeId) {}

  /// `struct bpf_line_info`: where a source line starts (slot index); offsets into the BTF strings.
  public record LineInfo(int slotIdx, int fileNameOff, int lineOff, int lineCol) {
    public int line() {
      return lineCol >>> 10;
    }

    public int column() {
      return lineCol & 0x3ff;
    }
  }

  /// `BPF_F_STRICT_ALIGNMENT`.
  public static final int F_STRICT_ALIGNMENT = 1;

  /// `BPF_F_ANY_ALIGNMENT`.
  public static final int F_ANY_ALIGNMENT = 1 << 1;

  /// `BPF_F_TEST_RND_HI32`.
  public static final int F_TEST_RND_HI32 = 1 << 2;

  /// `BPF_F_TEST_STATE_FREQ`.
  public static final int F_TEST_STATE_FREQ = 1 << 3;

  /// `BPF_F_SLEEPABLE`.
  public static final int F_SLEEPABLE = 1 << 4;

  /// `BPF_F_XDP_HAS_FRAGS`.
  public static final int F_XDP_HAS_FRAGS = 1 << 5;

  /// `BPF_F_XDP_DEV_BOUND_ONLY`.
  public static final int F_XDP_DEV_BOUND_ONLY = 1 << 6;

  /// `BPF_F_TEST_REG_INVARIANTS`.
  public static final int F_TEST_REG_INVARIANTS = 1 << 7;

  public ProgramSpec {
    Objects.requireNonNull(name);
    maps = List.copyOf(maps);
    funcInfo = List.copyOf(funcInfo);
    lineInfo = List.copyOf(lineInfo);
  }

  /// A program made of raw instructions, without BTF, as `BPF_PROG_LOAD` without libbpf would take.
  public static ProgramSpec of(String name, ProgType type, long[] insns, List<MapSpec> maps) {
    return new ProgramSpec(
        name, "", type, null, null, 0, 0, "GPL", 0, true, insns, maps, null, List.of(), List.of());
  }
}
