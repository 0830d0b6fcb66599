package bpf4j.cli;

import bpf4j.model.spec.ProgType;

/// What a program's return value means to the kernel, by its type.
final class ReturnName {
  private static final String[] XDP = {
    "XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"
  };
  private static final String[] TC = {
    "TC_ACT_OK",
    "TC_ACT_RECLASSIFY",
    "TC_ACT_SHOT",
    "TC_ACT_PIPE",
    "TC_ACT_STOLEN",
    "TC_ACT_QUEUED",
    "TC_ACT_REPEAT",
    "TC_ACT_REDIRECT",
    "TC_ACT_TRAP"
  };
  private static final String[] SK = {"SK_DROP", "SK_PASS"};
  private static final String[] CGROUP = {"drop", "allow"};
  private static final String[] NETFILTER = {"NF_DROP", "NF_ACCEPT"};

  private ReturnName() {}

  /// `XDP_TX (3)`, or the number alone where it has no name.
  static String of(ProgType type, int retval) {
    String name =
        switch (type) {
          case XDP -> at(XDP, retval);
          case SCHED_CLS, SCHED_ACT -> retval == -1 ? "TC_ACT_UNSPEC" : at(TC, retval);
          case SK_LOOKUP, SK_SKB, SK_MSG, SK_REUSEPORT -> at(SK, retval);
          case CGROUP_SKB, CGROUP_SOCK, CGROUP_SOCK_ADDR, CGROUP_DEVICE -> at(CGROUP, retval);
          case FLOW_DISSECTOR -> retval == 0 ? "BPF_OK" : retval == 2 ? "BPF_DROP" : "";
          case NETFILTER -> at(NETFILTER, retval);
          default -> "";
        };
    return name.isEmpty() ? Integer.toString(retval) : name + " (" + retval + ")";
  }

  private static String at(String[] names, int i) {
    return i >= 0 && i < names.length ? names[i] : "";
  }
}
