/// Which stack slots later code may read.
@NullMarked
package bpf4j.verifier.flow;

import org.jspecify.annotations.NullMarked;
