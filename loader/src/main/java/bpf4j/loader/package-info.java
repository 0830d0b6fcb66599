/// ELF objects to collection specs, as libbpf reads them.
@NullMarked
package bpf4j.loader;

import org.jspecify.annotations.NullMarked;
