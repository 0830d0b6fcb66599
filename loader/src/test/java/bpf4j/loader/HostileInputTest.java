package bpf4j.loader;

import bpf4j.testdata.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// A sample of what `HostileFuzz` does at length.
class HostileInputTest {
  private static final int CUTS = 40;
  private static final int MUTATIONS = 120;

  @Test
  void damagedObjectsEndInAMessageOrASpec() throws IOException {
    HostileFuzz fuzz = new HostileFuzz(TargetKernel.unknown());
    Random random = new Random(42);
    for (Path file : TestData.objects("v3")) {
      byte[] good = Files.readAllBytes(file);
      for (int i = 0; i < CUTS; i++) {
        fuzz.cut(good, random.nextInt(good.length), file.getFileName().toString());
      }
      for (int i = 0; i < MUTATIONS; i++) {
        fuzz.mutate(good, random, file.getFileName().toString());
      }
    }
  }

  @Test
  void everyCutOfOneObject() throws IOException {
    HostileFuzz fuzz = new HostileFuzz(TargetKernel.unknown());
    byte[] good = Files.readAllBytes(TestData.object("devmaps"));
    for (int length = 0; length < good.length; length++) {
      fuzz.cut(good, length, "devmaps.o");
    }
  }
}
