/// BPF Type Format: types, `.BTF` and `.BTF.ext` sections.
@NullMarked
package bpf4j.model.btf;

import org.jspecify.annotations.NullMarked;
