package bpf4j.vm.engine;

import org.jspecify.annotations.Nullable;

/// Where function pointers and tail calls lead.
public interface CodeSpace {
  /// No programs to call.
  CodeSpace EMPTY =
      new CodeSpace() {
        @Override
        public @Nullable Executable program(int index) {
          return null;
        }

        @Override
        public @Nullable Executable tailCallSlot(long mapAddr, int index) {
          return null;
        }
      };

  /// The program with [LinkedProgram#index] `index`, or null.
  @Nullable Executable program(int index);

  /// The program in slot `index` (unsigned) of the prog array whose descriptor is at `mapAddr`;
  /// null for an empty slot or an index out of range.
  @Nullable Executable tailCallSlot(long mapAddr, int index);
}
