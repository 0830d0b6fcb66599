/// The one place where log text is made.
@NullMarked
package bpf4j.verifier.log;

import org.jspecify.annotations.NullMarked;
