/// Abstract values of scalars: tnums and ranges, with the kernel's transfer functions.
@NullMarked
package bpf4j.verifier.domain;

import org.jspecify.annotations.NullMarked;
