package bpf4j.loader.linker;

import bpf4j.model.btf.BtfBuilder;
import bpf4j.model.btf.BtfDedup;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Writes `.BTF.ext` from the records of all sections.
final class ExtSection {
  private static final int HEADER_LEN = 32;

  private final List<TargetSection> sections;
  private final int[] nameOffs;

  ExtSection(List<TargetSection> sections, BtfBuilder strings) {
    this.sections = sections;
    nameOffs = new int[sections.size()];
    for (Kind kind : Kind.values()) {
      for (int i = 0; i < nameOffs.length; i++) {
        if (!kind.of(sections.get(i)).isEmpty()) {
          nameOffs[i] = strings.addString(sections.get(i).name);
        }
      }
    }
  }

  /// The three kinds of records: where they are, how long, and which word is a type.
  private enum Kind {
    FUNC(s -> s.funcInfo, 2, 1),
    LINE(s -> s.lineInfo, 4, -1),
    CORE(s -> s.coreRelos, 4, 1);

    private final Function<TargetSection, List<int[]>> records;
    final int words;
    final int typeWord;

    Kind(Function<TargetSection, List<int[]>> records, int words, int typeWord) {
      this.records = records;
      this.words = words;
      this.typeWord = typeWord;
    }

    List<int[]> of(TargetSection section) {
      return records.apply(section);
    }
  }

  /// The section's bytes, or null where there are no records.
  byte @Nullable [] encode(BtfDedup.Result dedup, boolean bigEndian) {
    int[] lengths = new int[Kind.values().length];
    int total = HEADER_LEN;
    for (Kind kind : Kind.values()) {
      int length = 0;
      for (TargetSection section : sections) {
        int n = kind.of(section).size();
        length += n == 0 ? 0 : 8 + n * kind.words * 4;
      }
      lengths[kind.ordinal()] = length == 0 ? 0 : length + 4;
      total = Math.addExact(total, lengths[kind.ordinal()]);
    }
    if (total == HEADER_LEN) {
      return null;
    }
    var out =
        ByteBuffer.allocate(total)
            .order(bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    out.putShort((short) 0xeb9f).put((byte) 1).put((byte) 0).putInt(HEADER_LEN);
    int off = 0;
    for (int length : lengths) {
      out.putInt(off).putInt(length);
      off += length;
    }
    for (Kind kind : Kind.values()) {
      if (lengths[kind.ordinal()] != 0) {
        out.putInt(kind.words * 4);
        for (int i = 0; i < nameOffs.length; i++) {
          records(kind, i, dedup, out);
        }
      }
    }
    return out.array();
  }

  private void records(Kind kind, int sectionIdx, BtfDedup.Result dedup, ByteBuffer out) {
    List<int[]> records = kind.of(sections.get(sectionIdx));
    if (records.isEmpty()) {
      return;
    }
    out.putInt(nameOffs[sectionIdx]).putInt(records.size());
    for (int[] record : records) {
      int[] words = record.clone();
      if (kind.typeWord >= 0) {
        words[kind.typeWord] = dedup.typeId(words[kind.typeWord]);
      }
      for (int word : words) {
        out.putInt(word);
      }
    }
  }
}
