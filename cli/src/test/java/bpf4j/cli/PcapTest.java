package bpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.testdata.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PcapTest {
  @Test
  void readsWhatItWrites() throws IOException {
    byte[] file = Files.readAllBytes(TestData.folder().resolve("packets/mixed.pcap"));
    Pcap pcap = Pcap.parse("mixed.pcap", file);
    assertThat(pcap.packets()).hasSize(3);
    Pcap again = Pcap.parse("again", pcap.toBytes());
    for (int i = 0; i < 3; i++) {
      assertThat(again.packets().get(i).bytes()).isEqualTo(pcap.packets().get(i).bytes());
      assertThat(again.packets().get(i).seconds()).isEqualTo(1_000_000 + i);
    }
  }

  @Test
  void everyCutIsRefusedOrAWholeNumberOfPackets() throws IOException {
    byte[] file = Files.readAllBytes(TestData.folder().resolve("packets/mixed.pcap"));
    for (int size = 0; size < file.length; size++) {
      byte[] cut = Arrays.copyOf(file, size);
      int whole = size - 24;
      if (whole >= 0 && whole % 76 == 0) {
        assertThat(Pcap.parse("cut", cut).packets()).hasSize(whole / 76);
      } else {
        assertThatThrownBy(() -> Pcap.parse("cut", cut))
            .isInstanceOf(InputProblem.class)
            .hasMessageMatching("cut: offset \\d+: .*");
      }
    }
  }

  @Test
  void outputFilesAreWholeOrUntouched(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("out.bin");
    OutputFile.write(file, new byte[] {1, 2});
    OutputFile.write(file, new byte[] {3});
    assertThat(Files.readAllBytes(file)).containsExactly(3);
    assertThat(folder.toFile().list()).containsExactly("out.bin");
    assertThatThrownBy(() -> OutputFile.write(folder.resolve("no/such/out.bin"), new byte[1]))
        .isInstanceOf(InputProblem.class)
        .hasMessageContaining("No such file or directory");
    assertThatThrownBy(() -> OutputFile.write(folder, new byte[1]))
        .isInstanceOf(InputProblem.class)
        .hasMessageContaining("Is a directory");
  }
}
