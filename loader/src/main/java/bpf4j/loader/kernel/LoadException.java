package bpf4j.loader.kernel;

import bpf4j.model.spec.LoadError;
import java.util.List;

/// The object was opened, but it or one of its programs cannot be loaded.
public final class LoadException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient LoadError error;

  public LoadException(int errno, String... messages) {
    this(errno, List.of(messages));
  }

  public LoadException(int errno, List<String> messages) {
    // Without a stack trace: a hostile object can have a failure for each of very many programs.
    super(messages.getFirst(), null, false, false);
    this.error = new LoadError(errno, messages);
  }

  /// What is reported about every program that it concerns.
  public LoadError error() {
    return error;
  }
}
