package bpf4j.model.asm;

import java.util.OptionalInt;

/// The numbers that names in assembly source stand for.
public interface AsmNames {
  /// Knows no name.
  AsmNames NONE =
      new AsmNames() {
        @Override
        public OptionalInt helperId(String name) {
          return OptionalInt.empty();
        }

        @Override
        public OptionalInt kfuncBtfId(String name) {
          return OptionalInt.empty();
        }
      };

  /// The number of the helper with the full name `name` (`bpf_map_lookup_elem`).
  OptionalInt helperId(String name);

  /// The BTF id of the kfunc `name` in the kernel's BTF.
  OptionalInt kfuncBtfId(String name);
}
