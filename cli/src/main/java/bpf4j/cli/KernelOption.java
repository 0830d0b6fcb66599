package bpf4j.cli;

import bpf4j.loader.LoadOptions;
import bpf4j.loader.TargetKernel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// `--btf`: the kernel that objects are loaded for.
final class KernelOption {
  @Option(
      names = "--btf",
      paramLabel = "FILE",
      description =
          "Types of the kernel to load for: raw BTF, or an ELF file with it (default: "
              + "/sys/kernel/btf/vmlinux where there is one).")
  private @Nullable Path btf;

  private @Nullable TargetKernel kernel;

  /// The kernel, read once.
  TargetKernel kernel() {
    TargetKernel known = kernel;
    if (known == null) {
      known = TargetKernel.running();
      if (btf != null) {
        known = known.withBtf(BtfFile.parse(btf.toString(), InputFile.bytes(btf)));
      }
      kernel = known;
    }
    return known;
  }

  /// How objects are opened for that kernel, as tools do it: unknown fields of map definitions are
  /// passed over.
  LoadOptions loadOptions() {
    return LoadOptions.defaults().withKernel(kernel()).withRelaxedMaps(true);
  }
}
