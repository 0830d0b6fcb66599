package bpf4j.loader.kernel;

import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.TargetKernel;
import bpf4j.loader.core.CoreTypes;
import bpf4j.loader.object.Extern;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.util.List;
import java.util.Map;

/// Gives externs their values. Mirrors libbpf 1.5 `bpf_object__resolve_externs`; a 6.18 kernel has
/// BPF cookies and system call wrappers.
public final class ExternResolver {
  private final TargetKernel kernel;
  private final List<Extern> externs;
  private final Btf local;
  private final ConfigValues config;

  /// @param local the object's types
  /// @param data contents of the `.kconfig` map, filled here
  public ExternResolver(
      TargetKernel kernel, List<Extern> externs, Btf local, byte[] data, boolean bigEndian) {
    this.kernel = kernel;
    this.externs = externs;
    this.local = local;
    this.config = new ConfigValues(data, bigEndian);
  }

  /// Resolves all externs. Throws at the first that cannot be.
  public void resolve() throws LoadException {
    boolean needConfig = false;
    boolean needSymbols = false;
    for (Extern e : externs) {
      if (!e.isConfig()) {
        needSymbols |= e.typeId == 0;
      } else if (e.name.startsWith("CONFIG_")) {
        needConfig = true;
      } else {
        virtual(e);
      }
    }
    if (needConfig) {
      String text = kernel.config();
      if (text == null) {
        throw new LoadException(LibbpfErrno.EINVAL, "failed to open system Kconfig");
      }
      config.read(text, externs, "system");
    }
    if (needSymbols) {
      addresses();
    }
    for (Extern e : externs) {
      if (!e.isConfig() && e.typeId != 0) {
        typed(e);
      }
    }
    for (Extern e : externs) {
      if (!e.resolved && !e.weak) {
        throw new LoadException(
            LibbpfErrno.ESRCH, "extern '" + e.name + "' (strong): not resolved");
      }
    }
  }

  private void virtual(Extern e) throws LoadException {
    long value;
    switch (e.name) {
      case "LINUX_KERNEL_VERSION" -> value = kernel.version();
      case "LINUX_HAS_BPF_COOKIE", "LINUX_HAS_SYSCALL_WRAPPER" -> value = 1;
      default -> {
        if (!e.name.startsWith("LINUX_") || !e.weak) {
          throw new LoadException(
              LibbpfErrno.EINVAL, "extern (kcfg) '" + e.name + "': unrecognized virtual extern");
        }
        value = 0;
      }
    }
    config.number(e, value);
  }

  private void addresses() throws LoadException {
    Map<String, Long> symbols = kernel.symbols();
    if (symbols == null) {
      throw new LoadException(LibbpfErrno.EINVAL, "failed to open /proc/kallsyms: -2");
    }
    for (Extern e : externs) {
      Long address = e.isConfig() || e.function ? null : symbols.get(e.name);
      if (address != null) {
        e.address = address;
        e.resolved = true;
      }
    }
  }

  private void typed(Extern e) throws LoadException {
    Btf btf = kernel.btf();
    if (btf == null) {
      throw new LoadException(
          LibbpfErrno.ESRCH, "failed to find valid kernel BTF", "Error loading vmlinux BTF: -3");
    }
    if (e.function) {
      function(e, btf);
    } else {
      variable(e, btf);
    }
  }

  private void variable(Extern e, Btf btf) throws LoadException {
    int id = btf.find(e.name, BtfKind.VAR);
    String named = "extern (var ksym) '" + e.name + "': ";
    if (id == 0) {
      if (e.weak) {
        return;
      }
      throw new LoadException(LibbpfErrno.EINVAL, named + "not found in kernel BTF");
    }
    int target = btf.skipModsAndTypedefs(btf.target(id));
    if (!CoreTypes.compatible(local, e.typeId, btf, target)) {
      throw new LoadException(
          LibbpfErrno.EINVAL,
          named
              + "incompatible types, expected ["
              + e.typeId
              + "] "
              + local.kind(e.typeId).label()
              + " "
              + local.name(e.typeId)
              + ", but kernel has ["
              + target
              + "] "
              + btf.kind(target).label()
              + " "
              + btf.name(target));
    }
    e.kernelBtfId = id;
    e.resolved = true;
  }

  private void function(Extern e, Btf btf) throws LoadException {
    String name = e.essentialName != null ? e.essentialName : e.name;
    int id = btf.find(name, BtfKind.FUNC);
    String named = "extern (func ksym) '" + e.name + "': ";
    if (id == 0) {
      if (e.weak) {
        return;
      }
      throw new LoadException(LibbpfErrno.EINVAL, named + "not found in kernel or module BTFs");
    }
    int proto = btf.target(id);
    if (!CoreTypes.compatible(local, e.typeId, btf, proto)) {
      if (e.weak) {
        return;
      }
      throw new LoadException(
          LibbpfErrno.EINVAL,
          named + "func_proto [" + e.typeId + "] incompatible with vmlinux [" + proto + "]");
    }
    e.kernelBtfId = id;
    e.resolved = true;
  }
}
