/// The JIT: programs as JVM bytecode.
@NullMarked
package bpf4j.vm.jit;

import org.jspecify.annotations.NullMarked;
