package bpf4j.model.btf;

/// A parsed BTF object: types by id and their strings.
public final class Btf {
  Btf() {}
}
