package bpf4j.verifier.object;

import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.VerifierMap;

/// Arguments that must point to a timer, a workqueue or a task work in a map value. Source of the
/// rules: `check_map_field_pointer` of Linux 6.18.
public final class MapFields {
  private MapFields() {}

  /// Checks that the map value in the register points to its field of this kind.
  public static void check(Env env, int regno, FieldRecord.Kind kind) {
    RegState reg = env.reg(regno);
    VerifierMap map = reg.map();
    String name = kind.text();
    if (!reg.range().isConst()) {
      throw env.reject(
          Errno.EINVAL,
          "R%d doesn't have constant offset. %s has to be at the constant offset",
          regno,
          name);
    }
    if (map.spec().btf() == null) {
      throw env.reject(
          Errno.EINVAL, "map '%s' has to have BTF in order to use %s", map.kernelName(), name);
    }
    FieldRecord.Field field = map.fields().first(kind);
    if (field == null) {
      throw env.reject(Errno.EINVAL, "map '%s' has no valid %s", map.kernelName(), name);
    }
    if (field.off() != reg.constOff()) {
      throw env.reject(
          Errno.EINVAL,
          "off %d doesn't point to 'struct %s' that is at %d",
          reg.constOff(),
          name,
          field.off());
    }
  }
}
