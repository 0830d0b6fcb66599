package bpf4j.model.asm;

import java.util.List;

/// Reads one line's tokens from left to right, with a precise message for whatever does not fit.
final class TokenCursor {
  private final List<Token> tokens;
  private final int lineNo;
  private int i;

  TokenCursor(List<Token> tokens, int lineNo) {
    this.tokens = tokens;
    this.lineNo = lineNo;
  }

  Token peek() {
    return tokens.get(i);
  }

  Token peek(int ahead) {
    return tokens.get(Math.min(i + ahead, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(i);
    if (token.kind() != Token.Kind.END) {
      i++;
    }
    return token;
  }

  boolean atEnd() {
    return peek().kind() == Token.Kind.END;
  }

  /// Takes the next token when it reads `text`.
  boolean take(String text) {
    if (!peek().is(text)) {
      return false;
    }
    i++;
    return true;
  }

  Token expect(String text) {
    if (!peek().is(text)) {
      throw expected("`" + text + "`");
    }
    return next();
  }

  Token expectWord(String what) {
    if (peek().kind() != Token.Kind.WORD) {
      throw expected(what);
    }
    return next();
  }

  void expectEnd() {
    if (!atEnd()) {
      throw expected("the end of the line");
    }
  }

  AsmException expected(String what) {
    return error(peek(), "expected " + what + ", found " + peek().shown());
  }

  AsmException error(Token at, String message) {
    return new AsmException(lineNo, at.column(), message);
  }

  /// A number with an optional sign that lies in `min..max`.
  long number(String what, long min, long max) {
    Token start = peek();
    boolean negative = take("-");
    if (!negative) {
      take("+");
    }
    if (peek().kind() != Token.Kind.NUMBER) {
      throw expected(what);
    }
    long value = magnitude(next());
    // A magnitude with the top bit set is negative as a long: only a full-width number may have it.
    if (negative) {
      value = value < 0 && value != Long.MIN_VALUE ? 1 : -value;
      if (value > 0) {
        throw error(start, what + " does not fit into 64 bits");
      }
    } else if (value < 0 && min != Long.MIN_VALUE) {
      throw error(start, what + " must lie between " + min + " and " + max);
    }
    if (value < min || value > max) {
      throw error(start, what + " must lie between " + min + " and " + max);
    }
    return value;
  }

  /// The bits of an unsigned 64-bit number.
  private long magnitude(Token token) {
    String text = token.text();
    try {
      return text.startsWith("0x") || text.startsWith("0X")
          ? Long.parseUnsignedLong(text, 2, text.length(), 16)
          : Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      throw error(token, "not a number: `" + text + "`");
    }
  }
}
