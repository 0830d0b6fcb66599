/// Static linking: several objects into one, as `bpftool gen object` does.
@NullMarked
package bpf4j.loader.linker;

import org.jspecify.annotations.NullMarked;
