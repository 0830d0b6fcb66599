package bpf4j.loader.linker;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/// A string table in which every string stands once.
final class StringPool {
  private final Map<String, Integer> offs = new HashMap<>();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  StringPool() {
    add("");
  }

  int add(String text) {
    Integer known = offs.get(text);
    if (known != null) {
      return known;
    }
    int off = bytes.size();
    bytes.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    bytes.write(0);
    offs.put(text, off);
    return off;
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }
}
