package bpf4j.cli;

/// Colours for text output, or none.
///
/// @param on whether escape sequences are written
record Colour(boolean on) {
  /// When to colour.
  enum When {
    AUTO,
    ALWAYS,
    NEVER
  }

  String good(String text) {
    return paint("32", text);
  }

  String bad(String text) {
    return paint("31", text);
  }

  String strong(String text) {
    return paint("1", text);
  }

  String faint(String text) {
    return paint("2", text);
  }

  private String paint(String code, String text) {
    return on ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }
}
