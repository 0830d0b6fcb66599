/// The seam between programs, engines and helper bodies, and the two interpreters.
@NullMarked
package bpf4j.vm.engine;

import org.jspecify.annotations.NullMarked;
