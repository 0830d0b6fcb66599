package bpf4j.loader.core;

import bpf4j.model.btf.Btf;

/// Comparing types of an object with types of the kernel outside of CO-RE relocations.
public final class CoreTypes {
  private CoreTypes() {}

  /// Whether an extern of type `localId` may stand for a kernel symbol of type `targetId`: as
  /// libbpf's `bpf_core_types_are_compat`, types nested too deeply to compare being incompatible.
  public static boolean compatible(Btf local, int localId, Btf target, int targetId) {
    try {
      return new CoreCompat(local, target).typesCompatible(localId, targetId);
    } catch (CoreException _) {
      return false;
    }
  }
}
