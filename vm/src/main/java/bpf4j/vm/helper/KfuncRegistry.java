package bpf4j.vm.helper;

import bpf4j.model.btf.Btf;
import bpf4j.vm.engine.HelperBody;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The bodies of kfuncs by name.
public final class KfuncRegistry {
  /// What a kfunc's body may depend on besides its arguments.
  ///
  /// @param btf the calling program's types, or null
  record Scope(Machine machine, @Nullable Btf btf) {}

  /// Makes the body for one program.
  @FunctionalInterface
  interface Factory {
    HelperBody bind(Scope scope);
  }

  private static final KfuncRegistry ALL = new KfuncRegistry();

  static {
    DynptrHelpers.register(ALL);
    ObjectKfuncs.register(ALL);
    GraphKfuncs.register(ALL);
    IterKfuncs.register(ALL);
    SectionKfuncs.register(ALL);
    StringKfuncs.register(ALL);
    CpumaskKfuncs.register(ALL);
    MiscKfuncs.register(ALL);
    TaskKfuncs.register(ALL);
  }

  private final Map<String, Factory> factories = new HashMap<>();

  private KfuncRegistry() {}

  /// The body of a kfunc for a program with types `btf`, or null when it has none here.
  public static @Nullable HelperBody body(String name, Machine machine, @Nullable Btf btf) {
    Factory factory = ALL.factories.get(name);
    return factory == null ? null : factory.bind(new Scope(machine, btf));
  }

  /// Names of all kfuncs with a body.
  public static Set<String> names() {
    return Set.copyOf(ALL.factories.keySet());
  }

  void add(String name, HelperBody body) {
    bind(name, _ -> body);
  }

  void bind(String name, Factory factory) {
    if (factories.put(name, factory) != null) {
      throw new IllegalStateException("two bodies for " + name);
    }
  }
}
