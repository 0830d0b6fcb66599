package bpf4j.maps;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.value.ValueCodec;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// A map whose keys and values are Java values, by the BTF types of its definition.
///
/// Structs are maps by member name; a record stands for the members named as its components. What a
/// value leaves out is zero. [ValueCodec] has the whole table.
///
/// ```java
/// TypedMap stats = new TypedMap(collection.map("stats"));
/// stats.update(1, Map.of("packets", 1L));
/// long packets = (Long) ((Map<?, ?>) stats.lookup(1)).get("packets");
/// ```
public final class TypedMap {
  private final MapFd map;
  private final Btf btf;
  private final int keyType;
  private final int valueType;

  /// A typed view of `map`; throws [MapException] with EINVAL when its definition has no BTF types.
  public TypedMap(MapFd map) {
    MapSpec spec = map.map().spec();
    Btf types = spec.btf();
    if (types == null || spec.btfValueTypeId() == 0) {
      throw new MapException(Errno.EINVAL, map + " has no BTF types");
    }
    this.map = map;
    this.btf = types;
    this.keyType = spec.btfKeyTypeId();
    this.valueType = spec.btfValueTypeId();
  }

  /// The value for `key`, or null. Of a per-CPU map: a list with one value for each CPU.
  public @Nullable Object lookup(Object key) {
    byte[] value = map.lookup(encodeKey(key));
    return value == null ? null : decodeValue(value);
  }

  /// The value for `key` as a record whose components are members of the value's struct, or null.
  public <R extends Record> @Nullable R lookup(Object key, Class<R> type) {
    Object value = lookup(key);
    return value == null ? null : toRecord(value, type);
  }

  /// Sets the value for `key`. Of a per-CPU map: a list with one value for each CPU, or one value
  /// for all of them.
  public void update(Object key, Object value, UpdateFlag flag) {
    map.update(encodeKey(key), encodeValue(value), flag);
  }

  /// Sets the value for `key`, whatever was there.
  public void update(Object key, Object value) {
    update(key, value, UpdateFlag.ANY);
  }

  /// Removes the element; false where there is none.
  public boolean delete(Object key) {
    return map.delete(encodeKey(key));
  }

  /// Gives every key and value to `visit`, in the map's order.
  public void forEach(BiConsumer<Object, Object> visit) {
    for (byte[] key = map.nextKey(null); key != null; key = map.nextKey(key)) {
      byte[] value = map.lookup(key);
      if (value != null) {
        visit.accept(decodeKey(key), decodeValue(value));
      }
    }
  }

  private byte[] encodeKey(Object key) {
    return keyType == 0
        ? GuestBytes.u32(((Number) key).intValue())
        : ValueCodec.encode(btf, keyType, plain(key), "key");
  }

  private Object decodeKey(byte[] key) {
    return keyType == 0
        ? (Object) Integer.toUnsignedLong(GuestBytes.u32(key))
        : ValueCodec.decode(btf, keyType, key);
  }

  private int slotSize() {
    return (int) ArrayLayout.elemSize(map.map().spec().valueSize());
  }

  private boolean isPercpu() {
    return map.valueSize() != map.map().spec().valueSize() || map.type().name().contains("PERCPU");
  }

  private Object decodeValue(byte[] value) {
    if (!isPercpu()) {
      return ValueCodec.decode(btf, valueType, value);
    }
    List<Object> values = new ArrayList<>();
    for (int at = 0; at < value.length; at += slotSize()) {
      byte[] one = java.util.Arrays.copyOfRange(value, at, at + map.map().spec().valueSize());
      values.add(ValueCodec.decode(btf, valueType, one));
    }
    return values;
  }

  private byte[] encodeValue(Object value) {
    if (!isPercpu()) {
      return ValueCodec.encode(btf, valueType, plain(value));
    }
    byte[] all = new byte[map.valueSize()];
    for (int cpu = 0; cpu * slotSize() < all.length; cpu++) {
      Object one = value instanceof List<?> list ? list.get(cpu) : value;
      byte[] bytes = ValueCodec.encode(btf, valueType, plain(one));
      System.arraycopy(bytes, 0, all, cpu * slotSize(), bytes.length);
    }
    return all;
  }

  /// Records as maps by component name.
  private static Object plain(Object value) {
    if (!(value instanceof Record record)) {
      return value;
    }
    Map<String, Object> members = new LinkedHashMap<>();
    for (RecordComponent c : record.getClass().getRecordComponents()) {
      try {
        c.getAccessor().setAccessible(true);
        members.put(c.getName(), plain(c.getAccessor().invoke(record)));
      } catch (ReflectiveOperationException e) {
        throw new IllegalArgumentException("cannot read " + c, e);
      }
    }
    return members;
  }

  private static <R extends Record> R toRecord(Object value, Class<R> type) {
    if (!(value instanceof Map<?, ?> members)) {
      throw new IllegalArgumentException("the value is no struct: " + value);
    }
    RecordComponent[] components = type.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] arguments = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      Object member = members.get(components[i].getName());
      if (member == null) {
        throw new IllegalArgumentException(
            "the value has no member '" + components[i].getName() + "': " + members.keySet());
      }
      arguments[i] = fit(member, types[i]);
    }
    try {
      var constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(arguments);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException("cannot make a " + type, e);
    }
  }

  private static Object fit(Object member, Class<?> type) {
    if (member instanceof Map && Record.class.isAssignableFrom(type)) {
      return toRecord(member, type.asSubclass(Record.class));
    }
    if (member instanceof Number n) {
      if (type == int.class || type == Integer.class) {
        return n.intValue();
      }
      if (type == long.class || type == Long.class) {
        return n.longValue();
      }
      if (type == short.class || type == Short.class) {
        return n.shortValue();
      }
      if (type == byte.class || type == Byte.class) {
        return n.byteValue();
      }
    }
    return member;
  }
}
