package bpf4j.model.btf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Finds a section of a trusted 64-bit ELF file by name, for tests.
public final class ElfSections {
  private ElfSections() {}

  public static byte @Nullable [] find(Path file, String name) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    var buf =
        ByteBuffer.wrap(bytes)
            .order(bytes[5] == 1 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int table = (int) buf.getLong(0x28);
    int entry = buf.getShort(0x3a);
    int names = (int) buf.getLong(table + buf.getShort(0x3e) * entry + 0x18);
    for (int i = 0; i < buf.getShort(0x3c); i++) {
      int at = table + i * entry;
      int from = names + buf.getInt(at);
      int to = from;
      while (bytes[to] != 0) {
        to++;
      }
      if (new String(bytes, from, to - from, java.nio.charset.StandardCharsets.UTF_8)
          .equals(name)) {
        int off = (int) buf.getLong(at + 0x18);
        return Arrays.copyOfRange(bytes, off, off + (int) buf.getLong(at + 0x20));
      }
    }
    return null;
  }
}
