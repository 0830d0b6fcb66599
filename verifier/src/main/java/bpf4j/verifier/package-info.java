/// The verifier: verdicts, messages and logs of Linux 6.18.
@NullMarked
package bpf4j.verifier;

import org.jspecify.annotations.NullMarked;
