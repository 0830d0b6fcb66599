package bpf4j.cli;

import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// Writes one JSON value into a string, without spaces or line breaks, so that it can be a line of
/// JSON Lines. Text that is no valid UTF-16 is written with escapes.
final class JsonWriter {
  private static final int CHUNK = 1 << 16;

  private final StringBuilder out = new StringBuilder(256);
  private final @Nullable Output sink;
  private boolean comma;

  /// Collects the value for [#toString()].
  JsonWriter() {
    sink = null;
  }

  /// Writes the value to `sink` as it grows; [#endLine] ends it.
  JsonWriter(Output sink) {
    this.sink = sink;
  }

  /// Writes the rest and a line end to the sink.
  void endLine() {
    out.append('\n');
    drain(0);
  }

  JsonWriter beginObject() {
    return open('{');
  }

  JsonWriter beginObject(String name) {
    return name(name).open('{');
  }

  JsonWriter endObject() {
    return close('}');
  }

  JsonWriter beginArray() {
    return open('[');
  }

  JsonWriter beginArray(String name) {
    return name(name).open('[');
  }

  JsonWriter endArray() {
    return close(']');
  }

  JsonWriter field(String name, @Nullable String value) {
    return name(name).value(value);
  }

  JsonWriter field(String name, long value) {
    return name(name).value(value);
  }

  JsonWriter field(String name, boolean value) {
    return name(name).raw(String.valueOf(value));
  }

  /// Bytes as hex digits.
  JsonWriter field(String name, byte @Nullable [] value) {
    return field(name, value == null ? null : HexFormat.of().formatHex(value));
  }

  JsonWriter value(@Nullable String value) {
    if (value == null) {
      return raw("null");
    }
    separate();
    quote(value);
    comma = true;
    return this;
  }

  JsonWriter value(long value) {
    return raw(Long.toString(value));
  }

  /// The name of the next member.
  JsonWriter name(String name) {
    separate();
    quote(name);
    out.append(':');
    comma = false;
    return this;
  }

  /// Text that is JSON already.
  JsonWriter raw(String json) {
    separate();
    out.append(json);
    comma = true;
    return this;
  }

  @Override
  public String toString() {
    return out.toString();
  }

  private JsonWriter open(char bracket) {
    separate();
    out.append(bracket);
    comma = false;
    return this;
  }

  private JsonWriter close(char bracket) {
    out.append(bracket);
    comma = true;
    return this;
  }

  private void drain(int above) {
    if (sink != null && out.length() > above) {
      sink.print(out.toString());
      out.setLength(0);
    }
  }

  private void separate() {
    if (comma) {
      out.append(',');
    }
  }

  private void quote(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      drain(CHUNK);
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < 0x20 || c == 0x7f || Character.isSurrogate(c) || c == '\u2028' || c == '\u2029') {
            out.append("\\u").append(HexFormat.of().toHexDigits(c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
