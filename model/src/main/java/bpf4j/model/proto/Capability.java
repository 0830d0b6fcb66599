package bpf4j.model.proto;

/// The capabilities of the loading process that decide about helpers and verifier rules.
public enum Capability {
  BPF,
  PERFMON,
  NET_ADMIN,
  SYS_ADMIN
}
