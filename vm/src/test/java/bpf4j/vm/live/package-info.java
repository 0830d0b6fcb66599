/// The live kernel as a judge.
@org.jspecify.annotations.NullMarked
package bpf4j.vm.live;
