/// Assembler and disassembler in the dialect of the kernel verifier log.
@NullMarked
package bpf4j.model.asm;

import org.jspecify.annotations.NullMarked;
