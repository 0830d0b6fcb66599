/// Symbolic execution, instruction by instruction.
@NullMarked
package bpf4j.verifier.exec;

import org.jspecify.annotations.NullMarked;
