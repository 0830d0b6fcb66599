package bpf4j.vm.jit;

import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DynamicConstantDesc;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/// The live objects that compiled code holds as constants: C2 knows their exact type and identity.
final class ClassData {
  private final List<Object> objects = new ArrayList<>();
  private final Map<Object, DynamicConstantDesc<?>> constants = new IdentityHashMap<>();

  /// The constant that loads `object` as a `type`.
  DynamicConstantDesc<?> constant(Object object, ClassDesc type) {
    return constants.computeIfAbsent(
        object,
        o -> {
          objects.add(o);
          return DynamicConstantDesc.ofNamed(
              ConstantDescs.BSM_CLASS_DATA_AT,
              ConstantDescs.DEFAULT_NAME,
              type,
              objects.size() - 1);
        });
  }

  List<Object> objects() {
    return objects;
  }
}
