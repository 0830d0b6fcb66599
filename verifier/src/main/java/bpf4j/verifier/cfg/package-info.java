/// Structure of the program: subprograms, control flow, loops, live registers.
@NullMarked
package bpf4j.verifier.cfg;

import org.jspecify.annotations.NullMarked;
