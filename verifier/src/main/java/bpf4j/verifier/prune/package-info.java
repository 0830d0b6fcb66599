/// State pruning and the precision it needs.
@NullMarked
package bpf4j.verifier.prune;

import org.jspecify.annotations.NullMarked;
