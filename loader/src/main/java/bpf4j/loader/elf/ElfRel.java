package bpf4j.loader.elf;

/// One entry of a `SHT_REL` section.
///
/// @param offset byte offset in the section that is patched
/// @param symIdx index into the symbol table, unsigned 32 bit
/// @param type `R_BPF_…`, not needed: the instruction at the place says what is meant
public record ElfRel(long offset, long symIdx, int type) {}
