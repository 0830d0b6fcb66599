package bpf4j.model.proto;

/// What a helper returns. Source: `enum bpf_return_type` of Linux 6.18 without modifiers.
public enum RetType {
  INTEGER,
  VOID,
  PTR_TO_MAP_VALUE,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TO_SOCK_COMMON,
  PTR_TO_MEM,
  PTR_TO_MEM_OR_BTF_ID,
  PTR_TO_BTF_ID
}
