package bpf4j.loader.linker;

/// A symbol of the output.
final class TargetSymbol {
  final int nameOff;
  int info;
  int other;
  int shndx;
  long value;
  long size;

  TargetSymbol(int nameOff, int info, int other, int shndx, long value, long size) {
    this.nameOff = nameOff;
    this.info = info;
    this.other = other;
    this.shndx = shndx;
    this.value = value;
    this.size = size;
  }
}
