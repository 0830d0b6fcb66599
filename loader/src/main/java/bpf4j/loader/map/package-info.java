/// The maps of an object file: definitions in `.maps`, global data, configuration values,
/// struct_ops, and the old `maps` section.
@NullMarked
package bpf4j.loader.map;

import org.jspecify.annotations.NullMarked;
