package bpf4j.model.btf;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.model.btf.dump.CDump;
import bpf4j.model.btf.dump.RawDump;
import bpf4j.testdata.TestData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class BtfProperties {
  /// Adds a random type that refers to earlier ones (or, behind a pointer, to any).
  private static void addRandom(BtfBuilder b, Random random, int total) {
    int earlier = random.nextInt(b.nextId());
    String name = random.nextInt(4) == 0 ? "" : "n" + random.nextInt(total);
    switch (random.nextInt(19)) {
      case 0 -> b.addInt("i" + random.nextInt(9), 1 << random.nextInt(5), random.nextInt(4));
      case 1 -> b.addPtr(random.nextInt(total + 1));
      case 2 -> b.addArray(earlier, earlier, random.nextInt());
      case 3 -> b.addStruct(name, random.nextInt(64), members(b, random));
      case 4 -> b.addUnion(name, random.nextInt(64), members(b, random));
      case 5 -> b.addEnum(name, 4, random.nextBoolean(), List.of(new BtfType.Enumerator("E", 7)));
      case 6 -> b.addFwd(name, random.nextBoolean());
      case 7 -> b.addTypedef(name, earlier);
      case 8 -> b.addVolatile(earlier);
      case 9 -> b.addConst(earlier);
      case 10 -> b.addRestrict(earlier);
      case 11 -> b.addFuncProto(earlier, List.of(new BtfType.Param("p", earlier)));
      case 12 -> b.addFunc(name, BtfType.Linkage.GLOBAL, b.addFuncProto(earlier, List.of()));
      case 13 -> b.addVar(name, BtfType.Linkage.STATIC, earlier);
      case 14 -> b.addDatasec(name, 8, List.of(new BtfType.VarSecInfo(earlier, 0, 8)));
      case 15 -> b.addFloat(name, 8);
      case 16 -> b.addDeclTag(name, earlier, -1);
      case 17 -> b.addTypeTag(name, earlier);
      default ->
          b.addEnum64(
              name,
              8,
              random.nextBoolean(),
              List.of(new BtfType.Enumerator("L", random.nextLong())));
    }
  }

  private static List<BtfType.Member> members(BtfBuilder b, Random random) {
    var members = new ArrayList<BtfType.Member>();
    for (int i = random.nextInt(4); i > 0; i--) {
      members.add(
          new BtfType.Member(
              random.nextInt(3) == 0 ? "" : "m" + i,
              random.nextInt(b.nextId()),
              random.nextInt(512),
              random.nextInt(3) == 0 ? 1 + random.nextInt(31) : 0));
    }
    return members;
  }

  private static Btf random(long seed, int total, boolean bigEndian) {
    var random = new Random(seed);
    var b = new BtfBuilder().bigEndian(bigEndian);
    while (b.nextId() <= total) {
      addRandom(b, random, total);
    }
    return b.build();
  }

  private static List<BtfType> types(Btf btf) {
    var list = new ArrayList<BtfType>();
    for (int id = 0; id < btf.typeCount(); id++) {
      list.add(btf.type(id));
    }
    return list;
  }

  @Property(tries = 200)
  void parsingUndoesEncoding(@ForAll long seed, @ForAll boolean bigEndian) {
    Btf built = random(seed, 40, bigEndian);
    Btf parsed = Btf.parse(built.encode());
    assertThat(parsed.isBigEndian()).isEqualTo(bigEndian);
    assertThat(types(parsed)).isEqualTo(types(built));
    assertThat(parsed.encode()).isEqualTo(built.encode());
    assertThat(types(BtfBuilder.copyOf(built).build())).isEqualTo(types(built));
  }

  @Property(tries = 100)
  void splitBtfGoesOnWhereItsBaseEnds(@ForAll long seed) {
    Btf base = random(seed, 20, false);
    var random = new Random(~seed);
    var b = new BtfBuilder(base);
    while (b.nextId() <= 40) {
      addRandom(b, random, 40);
    }
    Btf split = b.build();
    Btf parsed = Btf.parse(split.encode(), base);
    assertThat(types(parsed))
        .isEqualTo(types(split))
        .startsWith(types(base).toArray(BtfType[]::new));
  }

  @Property(tries = 100)
  void aNameIsFoundAtItsLowestId(@ForAll long seed) {
    Btf btf = random(seed, 60, false);
    for (int id = 1; id < btf.typeCount(); id++) {
      if (!btf.isAnonymous(id)) {
        int found = btf.find(btf.name(id), btf.kind(id));
        assertThat(found).isPositive().isLessThanOrEqualTo(id);
        assertThat(btf.name(found)).isEqualTo(btf.name(id));
        assertThat(btf.kind(found)).isEqualTo(btf.kind(id));
        assertThat(btf.find(btf.name(id))).isPositive().isLessThanOrEqualTo(found);
      }
    }
    assertThat(btf.find("no such name", BtfKind.INT)).isZero();
  }

  /// Either a located error, or types that every reader can walk.
  private static void parseAndWalk(byte[] section) {
    try {
      Btf btf = Btf.parse(section);
      for (int id = 0; id < btf.typeCount(); id++) {
        btf.type(id);
        btf.resolveSize(id);
        btf.alignOf(id);
        btf.skipModsAndTypedefs(id);
      }
      RawDump.write(btf, new Sink());
      CDump.writeHeader(btf, new Sink(), true);
    } catch (BtfException e) {
      assertThat(e.getMessage()).isNotBlank();
    } catch (IOException e) {
      assertThat(e).hasMessage("full");
    }
  }

  /// Takes a megabyte and then refuses: a mutated size can ask for any amount of padding.
  private static final class Sink implements Appendable {
    private int left = 1 << 20;

    @Override
    public Appendable append(CharSequence text) throws IOException {
      left -= text.length();
      if (left < 0) {
        throw new IOException("full");
      }
      return this;
    }

    @Override
    public Appendable append(CharSequence text, int from, int to) throws IOException {
      return append(text.subSequence(from, to));
    }

    @Override
    public Appendable append(char c) throws IOException {
      return append(String.valueOf(c));
    }
  }

  private static byte[] sample(String section) throws IOException {
    for (Path object : TestData.objects("v3")) {
      byte[] bytes = ElfSections.find(object, section);
      if (bytes != null && bytes.length < 4000) {
        return bytes;
      }
    }
    throw new AssertionError("no small object");
  }

  @Property(tries = 300)
  void mutatedBytesEndInAnErrorOrInTypes(@ForAll long seed) throws IOException {
    var random = new Random(seed);
    byte[] bytes =
        random.nextBoolean() ? sample(".BTF") : random(seed, 40, random.nextBoolean()).encode();
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    parseAndWalk(bytes);
  }

  @Property(tries = 1)
  void everyTruncationEndsInAnError() throws IOException {
    byte[] bytes = sample(".BTF");
    for (int len = 0; len < bytes.length; len++) {
      parseAndWalk(Arrays.copyOf(bytes, len));
    }
    byte[] ext = sample(".BTF.ext");
    for (int len = 0; len < ext.length; len++) {
      parseExt(Arrays.copyOf(ext, len));
    }
  }

  private static void parseExt(byte[] section) {
    try {
      BtfExt.parse(section);
    } catch (BtfException e) {
      assertThat(e).hasMessageContaining("btf_ext");
    }
  }

  @Property(tries = 500)
  void mutatedExtEndsInAnErrorOrInRecords(@ForAll long seed) throws IOException {
    var random = new Random(seed);
    byte[] bytes = sample(".BTF.ext");
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    parseExt(bytes);
  }
}
