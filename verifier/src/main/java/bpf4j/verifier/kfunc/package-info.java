/// Calls of kernel functions by BTF.
@NullMarked
package bpf4j.verifier.kfunc;

import org.jspecify.annotations.NullMarked;
