package bpf4j.verifier.call;

import bpf4j.model.proto.HelperProto;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.env.Env;

/// Rules of single helpers about the calling program, beyond its type.
final class HelperRules {
  private HelperRules() {}

  static boolean isAllowed(Env env, HelperProto p) {
    AttachType attach = env.attachType();
    ProgType type = env.progType();
    return switch (p.rule()) {
      case ANYWHERE -> true;
      case D_PATH ->
          (type == ProgType.TRACING && attach == AttachType.TRACE_ITER)
              || (type == ProgType.LSM && env.sleepable())
              || D_PATH_FUNCTIONS.contains(env.attach.name);
      case IMA -> type == ProgType.LSM && env.sleepable();
      case SK_STORAGE ->
          type != ProgType.TRACING
              || attach == AttachType.TRACE_ITER
              || attach == AttachType.TRACE_RAW_TP
              || !env.attach.name.startsWith("bpf_sk_storage");
    };
  }

  private static final java.util.Set<String> D_PATH_FUNCTIONS =
      java.util.Set.of(
          "security_file_permission",
          "security_inode_getattr",
          "security_file_open",
          "security_path_truncate",
          "vfs_truncate",
          "vfs_fallocate",
          "dentry_open",
          "vfs_getattr",
          "filp_close");
}
