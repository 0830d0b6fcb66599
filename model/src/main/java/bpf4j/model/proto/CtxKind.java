package bpf4j.model.proto;

/// What a load from the context yields.
public enum CtxKind {
  SCALAR("scalar"),
  PACKET("pkt"),
  PACKET_META("pkt_meta"),
  PACKET_END("pkt_end"),
  FLOW_KEYS("flow_keys"),
  SOCK_COMMON_OR_NULL("sock_common_or_null"),
  SOCKET("sock"),
  SOCKET_OR_NULL("sock_or_null"),
  TP_BUFFER("tp_buffer"),
  /// A trusted pointer to the kernel struct [CtxField#struct()].
  TRUSTED_BTF_ID("trusted_ptr_");

  private final String logName;

  CtxKind(String logName) {
    this.logName = logName;
  }

  /// The name as the log prints it, without a struct's name.
  public String logName() {
    return logName;
  }

  static CtxKind parse(String text) {
    if (text.startsWith(TRUSTED_BTF_ID.logName)) {
      return TRUSTED_BTF_ID;
    }
    for (CtxKind kind : values()) {
      if (kind.logName.equals(text)) {
        return kind;
      }
    }
    throw new IllegalArgumentException("no context value kind " + text);
  }
}
