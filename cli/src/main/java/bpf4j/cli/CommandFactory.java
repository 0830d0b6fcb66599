package bpf4j.cli;

import java.lang.reflect.Constructor;
import picocli.CommandLine;

/// Makes the verbs, giving each the [Main] it belongs to.
final class CommandFactory implements CommandLine.IFactory {
  private final Main main;
  private final CommandLine.IFactory standard = CommandLine.defaultFactory();

  CommandFactory(Main main) {
    this.main = main;
  }

  @Override
  public <K> K create(Class<K> type) throws Exception {
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      if (constructor.getParameterCount() == 1
          && constructor.getParameterTypes()[0] == Main.class) {
        return type.cast(constructor.newInstance(main));
      }
    }
    return standard.create(type);
  }
}
