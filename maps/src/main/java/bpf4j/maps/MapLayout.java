package bpf4j.maps;

/// The descriptor of a map in guest memory: what a register that holds a map points at.
///
/// The first 296 bytes carry the fields of 6.18's `struct bpf_map` (x86-64) at the kernel's
/// offsets, so that programs that read a map through its BTF type see what they would see there.
/// Where the kernel keeps pointers and locks of its own stand the words of the running machine.
///
/// ```text
///    64 map_type  68 key_size  72 value_size  76 max_entries  80 map_extra  88 map_flags  92 id
///   104 numa_node 108 btf_key_type_id 112 btf_value_type_id   136 name[16]
///   152 DATA      where elements begin (low 32 bits of a guest address)         } in place of
///   156 MASK      number of buckets less one, or what the type's layout says    } freeze_mutex
///   160 SEED      hash seed                                                     }
///   164 STRIDE    bytes from one CPU's elements to the next CPU's               }
///   257 frozen    296 elem_size  300 index_mask  (as in the kernel's struct bpf_array)
///   320 …         elements of arrays
/// ```
///
/// Everything but `frozen` is written once, before the descriptor's address is given to anyone.
public final class MapLayout {
  public static final int MAP_TYPE = 64;
  public static final int KEY_SIZE = 68;
  public static final int VALUE_SIZE = 72;
  public static final int MAX_ENTRIES = 76;
  public static final int MAP_EXTRA = 80;
  public static final int MAP_FLAGS = 88;
  public static final int ID = 92;
  public static final int NUMA_NODE = 104;
  public static final int BTF_KEY_TYPE_ID = 108;
  public static final int BTF_VALUE_TYPE_ID = 112;
  public static final int NAME = 136;
  public static final int NAME_SIZE = 16;
  public static final int DATA = 152;
  public static final int MASK = 156;
  public static final int SEED = 160;
  public static final int STRIDE = 164;
  public static final int FROZEN = 257;
  public static final int ELEM_SIZE = 296;
  public static final int INDEX_MASK = 300;

  /// Bytes of a descriptor; elements of arrays stand right behind.
  public static final int SIZE = 320;

  private MapLayout() {}
}
