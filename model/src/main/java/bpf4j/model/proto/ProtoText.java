package bpf4j.model.proto;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A type as the tables write it: `BASE(inner)|FLAG|FLAG`.
record ProtoText(String base, @Nullable String inner, int flags) {
  static ProtoText parse(String text) {
    String[] parts = text.split("\\|", -1);
    int flags = 0;
    for (int i = 1; i < parts.length; i++) {
      flags |= ArgFlags.parse(parts[i]);
    }
    String base = parts[0];
    int open = base.indexOf('(');
    if (open < 0) {
      return new ProtoText(base, null, flags);
    }
    return new ProtoText(
        base.substring(0, open), base.substring(open + 1, base.length() - 1), flags);
  }

  /// The tab-separated rows of a table of this package, without comments and empty lines.
  static List<String[]> rows(String table) {
    try (InputStream in =
            Objects.requireNonNull(ProtoText.class.getResourceAsStream(table), table);
        var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      List<String[]> rows = new ArrayList<>();
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (!line.isEmpty() && line.charAt(0) != '#') {
          rows.add(line.split("\t", -1));
        }
      }
      return rows;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
