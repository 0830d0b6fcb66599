/// The side-by-side runner.
@NullMarked
package bpf4j.bench;

import org.jspecify.annotations.NullMarked;
