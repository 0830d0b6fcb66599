/// Which stack slots may still be read: the data flow that lets states differ in dead slots.
@NullMarked
package bpf4j.verifier.liveness;

import org.jspecify.annotations.NullMarked;
