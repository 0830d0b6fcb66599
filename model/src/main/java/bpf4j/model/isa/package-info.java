/// The instruction set of RFC 9669 and Linux 6.18: raw words, decoded instructions, semantics.
@NullMarked
package bpf4j.model.isa;

import org.jspecify.annotations.NullMarked;
