/// The virtual kernel: what helpers ask a kernel for, set by the caller and deterministic by
/// default.
@NullMarked
package bpf4j.vm.kernel;

import org.jspecify.annotations.NullMarked;
