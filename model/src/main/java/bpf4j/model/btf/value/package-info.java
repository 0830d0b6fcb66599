/// Bytes as typed values: map keys, map values and variables read, written and shown through BTF.
@NullMarked
package bpf4j.model.btf.value;

import org.jspecify.annotations.NullMarked;
