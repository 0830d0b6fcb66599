package bpf4j.cli;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A strict reader of JSON text (RFC 8259) for the files that users give.
///
/// Objects become [Map]s in file order, arrays [List]s, strings [String]s, integers [Long]s or
/// [BigInteger]s, other numbers [Double]s, and the words `true`, `false` and `null` what they are
/// in Java. Duplicate names, trailing text and unescaped control characters are errors.
final class JsonReader {
  private static final int MAX_DEPTH = 200;
  private static final int MAX_DIGITS = 400;

  private final String text;
  private int at;
  private int depth;

  private JsonReader(String text) {
    this.text = text;
  }

  /// Reads one JSON value; throws [IllegalArgumentException] with the offset of what is wrong.
  static @Nullable Object parse(String text) {
    JsonReader reader = new JsonReader(text);
    Object value = reader.value();
    reader.space();
    if (reader.at != text.length()) {
      throw reader.wrong("text after the value");
    }
    return value;
  }

  private @Nullable Object value() {
    space();
    if (at == text.length()) {
      throw wrong("the text ends where a value should be");
    }
    if (depth > MAX_DEPTH) {
      throw wrong("nested too deep");
    }
    return switch (text.charAt(at)) {
      case '{' -> members();
      case '[' -> elements();
      case '"' -> string();
      case 't' -> word("true", true);
      case 'f' -> word("false", false);
      case 'n' -> word("null", null);
      default -> number();
    };
  }

  private Map<String, @Nullable Object> members() {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    at++;
    depth++;
    if (!taken('}')) {
      do {
        space();
        String name = string();
        if (!taken(':')) {
          throw wrong("no ':' after a name");
        }
        if (members.containsKey(name)) {
          throw wrong("the name \"" + name + "\" comes twice");
        }
        members.put(name, value());
      } while (taken(','));
      if (!taken('}')) {
        throw wrong("no ',' or '}' after a member");
      }
    }
    depth--;
    return members;
  }

  private List<@Nullable Object> elements() {
    List<@Nullable Object> elements = new ArrayList<>();
    at++;
    depth++;
    if (!taken(']')) {
      do {
        elements.add(value());
      } while (taken(','));
      if (!taken(']')) {
        throw wrong("no ',' or ']' after an element");
      }
    }
    depth--;
    return elements;
  }

  private String string() {
    if (at == text.length() || text.charAt(at) != '"') {
      throw wrong("no string where one should be");
    }
    at++;
    StringBuilder out = new StringBuilder();
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '"') {
        return out.toString();
      }
      if (c < 0x20) {
        throw wrong("a control character in a string");
      }
      out.append(c == '\\' ? escape() : c);
    }
    throw wrong("a string without an end");
  }

  private char escape() {
    char c = at < text.length() ? text.charAt(at++) : 0;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> unicode();
      default -> throw wrong("an unknown escape in a string");
    };
  }

  private char unicode() {
    int code = 0;
    for (int i = 0; i < 4; i++) {
      int digit = at < text.length() ? Character.digit(text.charAt(at++), 16) : -1;
      if (digit < 0) {
        throw wrong("not four hex digits after \\u");
      }
      code = code * 16 + digit;
    }
    return (char) code;
  }

  private @Nullable Object word(String word, @Nullable Object value) {
    if (!text.startsWith(word, at)) {
      throw wrong("an unknown word");
    }
    at += word.length();
    return value;
  }

  private Object number() {
    int start = at;
    while (at < text.length() && "+-.0123456789Ee".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    String digits = text.substring(start, at);
    if (digits.length() > MAX_DIGITS) {
      throw wrong("a number of " + digits.length() + " characters");
    }
    if (!digits.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
      throw wrong("not a value");
    }
    if (!digits.matches("-?[0-9]+")) {
      return Double.valueOf(digits);
    }
    BigInteger whole = new BigInteger(digits);
    return whole.bitLength() < Long.SIZE ? (Object) whole.longValue() : whole;
  }

  private boolean taken(char c) {
    space();
    if (at < text.length() && text.charAt(at) == c) {
      at++;
      return true;
    }
    return false;
  }

  private void space() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException("JSON, offset " + at + ": " + what);
  }
}
