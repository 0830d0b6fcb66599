/// Calls of helpers, subprograms and callbacks.
@NullMarked
package bpf4j.verifier.call;

import org.jspecify.annotations.NullMarked;
