/// Tests of the JIT.
@org.jspecify.annotations.NullMarked
package bpf4j.vm.jit;
