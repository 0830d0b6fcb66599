/// What all parts of one verification share: the program, its annotations, options, counters, log.
@NullMarked
package bpf4j.verifier.env;

import org.jspecify.annotations.NullMarked;
