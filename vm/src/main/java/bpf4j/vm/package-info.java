/// Interpreters, JIT, helper bodies, contexts and test run.
@NullMarked
package bpf4j.vm;

import org.jspecify.annotations.NullMarked;
