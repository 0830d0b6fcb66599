/// What an object needs from the kernel it is loaded for: configuration values, symbols, struct_ops
/// types, attach targets.
@NullMarked
package bpf4j.loader.kernel;

import org.jspecify.annotations.NullMarked;
