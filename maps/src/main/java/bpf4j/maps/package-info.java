/// Guest memory, every map type and the user-space map operations.
@NullMarked
package bpf4j.maps;

import org.jspecify.annotations.NullMarked;
