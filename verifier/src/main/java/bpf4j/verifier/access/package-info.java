/// Memory access by the type of the pointer.
@NullMarked
package bpf4j.verifier.access;

import org.jspecify.annotations.NullMarked;
