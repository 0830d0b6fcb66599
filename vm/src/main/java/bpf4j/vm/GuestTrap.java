package bpf4j.vm;

/// A guest fault at run time: the instruction, the address and what was hit.
public final class GuestTrap extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final int slotIdx;

  public GuestTrap(int slotIdx, String message) {
    super(message);
    this.slotIdx = slotIdx;
  }

  public int slotIdx() {
    return slotIdx;
  }
}
