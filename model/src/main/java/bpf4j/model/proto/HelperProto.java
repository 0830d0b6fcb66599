package bpf4j.model.proto;

import java.util.List;

/// The prototype of one helper as some program types see it. Source: `struct bpf_func_proto` of
/// Linux 6.18.
///
/// @param id the number in a call instruction
/// @param name the name without `bpf_`
/// @param variant which of several prototypes with this id; `*` for the usual one
/// @param gplOnly whether the program's licence must be GPL compatible
/// @param mightSleep whether only sleepable contexts may call it
/// @param pktAccess whether packet pointers may be passed as memory
/// @param allowFastcall whether it takes part in the `bpf_fastcall` pattern
/// @param rule extra rule about the caller
/// @param args exactly five; the unused ones are [ArgProto#NONE]
public record HelperProto(
    int id,
    String name,
    String variant,
    boolean gplOnly,
    boolean mightSleep,
    boolean pktAccess,
    boolean allowFastcall,
    CallRule rule,
    RetProto ret,
    List<ArgProto> args) {

  /// The most arguments that a helper takes.
  public static final int MAX_ARGS = 5;

  /// Where else than by program type a helper is restricted.
  public enum CallRule {
    ANYWHERE,
    /// Iterators, sleepable LSM hooks, and functions that are known to be safe for `bpf_d_path`.
    D_PATH,
    /// Sleepable LSM hooks only.
    IMA,
    /// Iterators, tracepoints by BTF, LSM, and functions outside the socket storage code.
    SK_STORAGE
  }

  public HelperProto {
    args = List.copyOf(args);
    if (args.size() != MAX_ARGS) {
      throw new IllegalArgumentException("a prototype lists five arguments");
    }
  }

  /// The name with its `bpf_`.
  public String kernelName() {
    return "bpf_" + name;
  }

  /// Argument `i`, counted from 1 as the registers are.
  public ArgProto arg(int i) {
    return args.get(i - 1);
  }

  /// How many arguments there are.
  public int argCount() {
    int n = 0;
    while (n < MAX_ARGS && args.get(n).type() != ArgType.DONTCARE) {
      n++;
    }
    return n;
  }

  static HelperProto parse(String[] row) {
    List<ArgProto> args = new java.util.ArrayList<>(MAX_ARGS);
    for (int i = 5; i < row.length; i++) {
      args.add(ArgProto.parse(row[i]));
    }
    while (args.size() < MAX_ARGS) {
      args.add(ArgProto.NONE);
    }
    List<String> p = List.of(row[3].split(",", -1));
    CallRule rule =
        p.contains("only:d_path")
            ? CallRule.D_PATH
            : p.contains("only:ima")
                ? CallRule.IMA
                : p.contains("only:sk_storage") ? CallRule.SK_STORAGE : CallRule.ANYWHERE;
    return new HelperProto(
        Integer.parseInt(row[0]),
        row[1],
        row[2],
        p.contains("gpl"),
        p.contains("sleeps"),
        p.contains("pkt"),
        p.contains("fastcall"),
        rule,
        RetProto.parse(row[4]),
        args);
  }
}
