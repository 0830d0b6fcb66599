package bpf4j.vm;

/// What an XDP program decides, in the order of uapi `enum xdp_action`.
public enum XdpAction {
  XDP_ABORTED,
  XDP_DROP,
  XDP_PASS,
  XDP_TX,
  XDP_REDIRECT
}
