package bpf4j.model.proto;

/// Modifiers of helper argument and return types.
public final class ArgFlags {
  private ArgFlags() {}
}
