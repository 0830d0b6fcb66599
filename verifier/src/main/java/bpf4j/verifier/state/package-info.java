/// What the verifier knows at one point of one path.
@NullMarked
package bpf4j.verifier.state;

import org.jspecify.annotations.NullMarked;
