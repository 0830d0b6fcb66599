/// BTF as text: the raw listing and the C header that `bpftool btf dump` prints.
@NullMarked
package bpf4j.model.btf.dump;

import org.jspecify.annotations.NullMarked;
