/// Pointers with BTF types: access through them, arguments by prototype.
@NullMarked
package bpf4j.verifier.btf;

import org.jspecify.annotations.NullMarked;
