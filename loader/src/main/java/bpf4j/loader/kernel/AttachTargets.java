package bpf4j.loader.kernel;

import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.SectionDef;
import bpf4j.loader.TargetKernel;
import bpf4j.loader.object.ProgramCode;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import org.jspecify.annotations.Nullable;

/// Finds in the kernel's types what a program's section name says it attaches to. Mirrors libbpf
/// 1.5 `libbpf_find_attach_btf_id`; a target inside of a module is never found.
public final class AttachTargets {
  private static final int MAX_NAME = 127;
  private static final int ENAMETOOLONG = 36;

  private final TargetKernel kernel;

  public AttachTargets(TargetKernel kernel) {
    this.kernel = kernel;
  }

  /// Id of the target in the kernel's types.
  public int find(ProgramCode p, SectionDef def) throws LoadException {
    int slash = p.sectionName.indexOf('/');
    if (slash < 0) {
      throw new LoadException(
          LibbpfErrno.EINVAL,
          "prog '"
              + p.name
              + "': no BTF-based attach target is specified, use"
              + " bpf_program__set_attach_target()");
    }
    if (p.type == ProgType.EXT) {
      throw new LoadException(
          LibbpfErrno.EINVAL, "prog '" + p.name + "': attach program FD is not set");
    }
    String name = p.sectionName.substring(slash + 1);
    int colon = name.indexOf(':');
    Btf btf = kernel.btf();
    if (btf == null) {
      throw new LoadException(
          LibbpfErrno.ESRCH, "failed to find valid kernel BTF", "Error loading vmlinux BTF: -3");
    }
    int errno = LibbpfErrno.ESRCH;
    // libbpf compares the module's name with the first characters of "vmlinux" only.
    if (colon < 0 || "vmlinux".startsWith(name.substring(0, colon))) {
      String full = prefix(def.attachType()) + name.substring(colon + 1);
      if (full.length() > MAX_NAME) {
        errno = ENAMETOOLONG;
      } else {
        int id = btf.find(full, kind(def.attachType()));
        if (id != 0) {
          return id;
        }
      }
    }
    throw new LoadException(
        errno,
        "prog '" + p.name + "': failed to find kernel BTF type ID of '" + name + "': -" + errno);
  }

  private static String prefix(@Nullable AttachType type) {
    if (type == AttachType.TRACE_RAW_TP) {
      return "btf_trace_";
    }
    if (type == AttachType.LSM_MAC || type == AttachType.LSM_CGROUP) {
      return "bpf_lsm_";
    }
    return type == AttachType.TRACE_ITER ? "bpf_iter_" : "";
  }

  private static BtfKind kind(@Nullable AttachType type) {
    return type == AttachType.TRACE_RAW_TP ? BtfKind.TYPEDEF : BtfKind.FUNC;
  }
}
