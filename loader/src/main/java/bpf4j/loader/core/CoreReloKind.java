package bpf4j.loader.core;

import org.jspecify.annotations.Nullable;

/// The kinds of CO-RE relocations (`enum bpf_core_relo_kind`), in the order of their numbers.
public enum CoreReloKind {
  FIELD_BYTE_OFFSET("byte_off", Subject.FIELD),
  FIELD_BYTE_SIZE("byte_sz", Subject.FIELD),
  FIELD_EXISTS("field_exists", Subject.FIELD),
  FIELD_SIGNED("signed", Subject.FIELD),
  FIELD_LSHIFT_U64("lshift_u64", Subject.FIELD),
  FIELD_RSHIFT_U64("rshift_u64", Subject.FIELD),
  TYPE_ID_LOCAL("local_type_id", Subject.TYPE),
  TYPE_ID_TARGET("target_type_id", Subject.TYPE),
  TYPE_EXISTS("type_exists", Subject.TYPE),
  TYPE_SIZE("type_size", Subject.TYPE),
  ENUMVAL_EXISTS("enumval_exists", Subject.ENUMVAL),
  ENUMVAL_VALUE("enumval_value", Subject.ENUMVAL),
  TYPE_MATCHES("type_matches", Subject.TYPE);

  /// What a relocation is about.
  public enum Subject {
    FIELD,
    TYPE,
    ENUMVAL
  }

  private static final CoreReloKind[] ALL = values();

  private final String label;
  private final Subject subject;

  CoreReloKind(String label, Subject subject) {
    this.label = label;
    this.subject = subject;
  }

  /// The kind with that number, or null for a number that libbpf does not know.
  public static @Nullable CoreReloKind of(int number) {
    return number >= 0 && number < ALL.length ? ALL[number] : null;
  }

  /// libbpf's short name, as it stands in messages.
  public String label() {
    return label;
  }

  public Subject subject() {
    return subject;
  }
}
