package bpf4j.model.asm;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One word of a source line.
///
/// @param column where it starts, counted from 1
record Token(Kind kind, String text, int column) {
  enum Kind {
    WORD,
    NUMBER,
    STRING,
    SYMBOL,
    END
  }

  /// Longest first, so that the first that fits is the right one.
  private static final String[] SYMBOLS = {
    "s>>=", "<<=", ">>=", "s/=", "s%=", "s>=", "s<=", "s>", "s<", "+=", "-=", "*=", "/=", "%=",
    "|=", "&=", "^=", "==", "!=", ">=", "<=", "=", "<", ">", "&", "+", "-", "*", "(", ")", "[", "]",
    ",", "#", ":"
  };

  boolean is(String symbolOrWord) {
    return kind != Kind.STRING && text.equals(symbolOrWord);
  }

  /// How the token reads in a message.
  String shown() {
    return kind == Kind.END ? "the end of the line" : "`" + text + "`";
  }

  /// Splits a line up to its comment; the last token is always an [Kind#END].
  static List<Token> split(String line, int lineNo) {
    List<Token> tokens = new ArrayList<>();
    int i = 0;
    while (i < line.length() && line.charAt(i) != ';') {
      char c = line.charAt(i);
      if (Character.isWhitespace(c)) {
        i++;
        continue;
      }
      Token token = next(line, i);
      if (token == null) {
        throw new AsmException(lineNo, i + 1, "unexpected character `" + c + "`");
      }
      tokens.add(token);
      i += token.text.length() + (token.kind == Kind.STRING ? 2 : 0);
    }
    tokens.add(new Token(Kind.END, "", i + 1));
    return tokens;
  }

  private static @Nullable Token next(String line, int start) {
    char c = line.charAt(start);
    if (c == '"') {
      int end = line.indexOf('"', start + 1);
      return end < 0 ? null : new Token(Kind.STRING, line.substring(start + 1, end), start + 1);
    }
    for (String symbol : SYMBOLS) {
      if (line.startsWith(symbol, start)) {
        return new Token(Kind.SYMBOL, symbol, start + 1);
      }
    }
    int end = start;
    while (end < line.length() && isWordPart(line.charAt(end))) {
      end++;
    }
    if (end == start) {
      return null;
    }
    Kind kind = c >= '0' && c <= '9' ? Kind.NUMBER : Kind.WORD;
    return new Token(kind, line.substring(start, end), start + 1);
  }

  private static boolean isWordPart(char c) {
    return (c >= '0' && c <= '9')
        || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || c == '_'
        || c == '.'
        || c == '$';
  }
}
