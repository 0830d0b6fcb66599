/// Kernel objects on the stack and in map values: dynptrs, iterators, interrupt flags, locks,
/// timers, kptrs.
@NullMarked
package bpf4j.verifier.object;

import org.jspecify.annotations.NullMarked;
