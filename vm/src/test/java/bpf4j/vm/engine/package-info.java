/// Tests of the engines.
@org.jspecify.annotations.NullMarked
package bpf4j.vm.engine;
