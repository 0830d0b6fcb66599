/// Reading ELF64 relocatable files: header, sections, symbols, relocations; no field is trusted.
@NullMarked
package bpf4j.loader.elf;

import org.jspecify.annotations.NullMarked;
