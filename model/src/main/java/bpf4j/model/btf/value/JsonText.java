package bpf4j.model.btf.value;

import java.io.IOException;

/// Writes JSON as bpftool does: on one line, or with a member a line and four spaces a level.
final class JsonText {
  private final Appendable out;
  private final boolean pretty;
  private int depth;
  private boolean comma;

  JsonText(Appendable out, boolean pretty) {
    this.out = out;
    this.pretty = pretty;
  }

  private void separate() throws IOException {
    if (comma) {
      out.append(',');
    }
    comma = true;
  }

  private void newLine() throws IOException {
    if (pretty) {
      out.append('\n');
      for (int i = 0; i < depth; i++) {
        out.append("    ");
      }
    }
  }

  void begin(char bracket) throws IOException {
    separate();
    out.append(bracket);
    depth++;
    comma = false;
  }

  void end(char bracket) throws IOException {
    depth--;
    if (comma) {
      newLine();
    }
    out.append(bracket);
    comma = true;
  }

  void name(String name) throws IOException {
    separate();
    newLine();
    comma = false;
    quote(name);
    out.append(pretty ? ": " : ":");
  }

  void string(String text) throws IOException {
    separate();
    quote(text);
  }

  /// Writes `text` as it is.
  void raw(String text) throws IOException {
    separate();
    out.append(text);
  }

  private void quote(String text) throws IOException {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\t' -> out.append("\\t");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\f' -> out.append("\\f");
        case '\b' -> out.append("\\b");
        case '\\' -> out.append("\\\\");
        case '"' -> out.append("\\\"");
        default -> out.append(c);
      }
    }
    out.append('"');
  }
}
