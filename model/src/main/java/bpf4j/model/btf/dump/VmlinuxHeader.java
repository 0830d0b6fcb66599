package bpf4j.model.btf.dump;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.io.IOException;

/// The header around the definitions, as bpftool writes it to be included as `vmlinux.h`.
final class VmlinuxHeader {
  private static final String PROLOGUE =
      """
      #ifndef __VMLINUX_H__
      #define __VMLINUX_H__

      #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
      #pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
      #endif

      #ifndef __ksym
      #define __ksym __attribute__((section(".ksyms")))
      #endif

      #ifndef __weak
      #define __weak __attribute__((weak))
      #endif

      """;

  private static final String EPILOGUE =
      """
      #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
      #pragma clang attribute pop
      #endif

      #endif /* __VMLINUX_H__ */
      """;

  private VmlinuxHeader() {}

  static void write(Btf btf, Appendable out, boolean sorted) throws IOException {
    var dump = new CDump(btf, out);
    out.append(PROLOGUE);
    if (sorted) {
      int[] ids = new HeaderOrder(btf).ids();
      // bpftool starts at index 1 here as well, so the type that sorts first is written only where
      // another needs it.
      for (int i = 1; i < ids.length; i++) {
        dump.definition(ids[i]);
      }
    } else {
      for (int id = 1; id < btf.typeCount(); id++) {
        dump.definition(id);
      }
    }
    kfuncs(btf, dump, out);
    out.append(EPILOGUE);
  }

  private static void kfuncs(Btf btf, CDump dump, Appendable out) throws IOException {
    out.append("\n/* BPF kfuncs */\n");
    out.append("#ifndef BPF_NO_KFUNC_PROTOTYPES\n");
    for (int id = 1; id < btf.typeCount(); id++) {
      if (btf.isKind(id, BtfKind.DECL_TAG)
          && btf.declTagComponent(id) == -1
          && btf.nameEquals(id, "bpf_kfunc")
          && btf.isKind(btf.target(id), BtfKind.FUNC)) {
        int func = btf.target(id);
        out.append("extern ");
        dump.declaration(btf.target(func), btf.name(func));
        out.append(" __weak __ksym;\n");
      }
    }
    out.append("#endif\n\n");
  }
}
