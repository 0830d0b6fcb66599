package bpf4j.cli;

import bpf4j.loader.ElfException;
import bpf4j.loader.elf.ElfFile;
import bpf4j.loader.elf.ElfSection;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;

/// Reads types from a file: raw BTF, or the section `.BTF` of an ELF file.
final class BtfFile {
  private BtfFile() {}

  /// The types in `bytes`; throws [InputProblem] naming the file.
  static Btf parse(String fileName, byte[] bytes) {
    try {
      return Btf.parse(isElf(bytes) ? section(fileName, bytes) : bytes);
    } catch (ElfException e) {
      throw new InputProblem(fileName + ": " + e.reason());
    } catch (BtfException e) {
      throw new InputProblem(fileName + ": " + e.getMessage());
    }
  }

  private static boolean isElf(byte[] bytes) {
    return bytes.length >= 4
        && bytes[0] == 0x7f
        && bytes[1] == 'E'
        && bytes[2] == 'L'
        && bytes[3] == 'F';
  }

  private static byte[] section(String fileName, byte[] bytes) throws ElfException {
    ElfFile elf = new ElfFile(fileName, bytes);
    ElfSection section = elf.section(".BTF");
    if (section == null) {
      throw new InputProblem(fileName + ": no section .BTF");
    }
    return elf.bytes(section);
  }
}
