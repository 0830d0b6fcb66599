/// After acceptance: stack limits, and what the kernel's rewrites do to the numbers it reports.
@NullMarked
package bpf4j.verifier.fixup;

import org.jspecify.annotations.NullMarked;
