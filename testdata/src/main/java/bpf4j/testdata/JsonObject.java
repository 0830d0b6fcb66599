package bpf4j.testdata;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One JSON object with typed access to its members. A member that is missing or of another type
/// throws [IllegalArgumentException]; the `find` methods answer null for a missing one or `null`.
public final class JsonObject {
  private final Map<?, ?> members;

  private JsonObject(Map<?, ?> members) {
    this.members = members;
  }

  static JsonObject of(@Nullable Object value) {
    return new JsonObject(typed(value, Map.class, "an object"));
  }

  /// The names of the members.
  public Set<?> names() {
    return members.keySet();
  }

  public boolean has(String name) {
    return members.containsKey(name);
  }

  public String string(String name) {
    return typed(member(name), String.class, name);
  }

  public @Nullable String findString(String name) {
    return members.get(name) == null ? null : string(name);
  }

  public long number(String name) {
    return typed(member(name), Long.class, name);
  }

  /// The integer `name`, or `other` when it is missing or `null`.
  public long number(String name, long other) {
    return members.get(name) == null ? other : number(name);
  }

  public JsonObject object(String name) {
    return of(member(name));
  }

  /// The array `name` of objects; empty when it is missing.
  public List<JsonObject> objects(String name) {
    List<JsonObject> out = new ArrayList<>();
    for (Object element : array(name)) {
      out.add(of(element));
    }
    return out;
  }

  /// The array `name` of strings; empty when it is missing.
  public List<String> strings(String name) {
    List<String> out = new ArrayList<>();
    for (Object element : array(name)) {
      out.add(typed(element, String.class, name));
    }
    return out;
  }

  private List<?> array(String name) {
    return members.get(name) == null ? List.of() : typed(member(name), List.class, name);
  }

  private @Nullable Object member(String name) {
    if (!members.containsKey(name)) {
      throw new IllegalArgumentException("no member \"" + name + "\" among " + members.keySet());
    }
    return members.get(name);
  }

  private static <T> T typed(@Nullable Object value, Class<T> type, String what) {
    if (!type.isInstance(value)) {
      throw new IllegalArgumentException(what + " is " + value + ", not " + type.getSimpleName());
    }
    return type.cast(value);
  }

  @Override
  public String toString() {
    return members.toString();
  }
}
