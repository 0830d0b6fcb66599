/// Prototype tables of helpers and kfuncs, and context layouts.
@NullMarked
package bpf4j.model.proto;

import org.jspecify.annotations.NullMarked;
