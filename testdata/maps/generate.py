#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists the map calls whose answers golden/ holds: generate.py create|operations|nesting.

The calls are generated from the tables below; map-calls.c describes the lines.
"""
import struct
import sys

(HASH, ARRAY, PROG_ARRAY, PERF_EVENT_ARRAY, PERCPU_HASH, PERCPU_ARRAY, STACK_TRACE, CGROUP_ARRAY,
 LRU_HASH, LRU_PERCPU_HASH, LPM_TRIE, ARRAY_OF_MAPS, HASH_OF_MAPS, DEVMAP, SOCKMAP, CPUMAP, XSKMAP,
 SOCKHASH, CGROUP_STORAGE, REUSEPORT_SOCKARRAY, PERCPU_CGROUP_STORAGE, QUEUE, STACK, SK_STORAGE,
 DEVMAP_HASH, STRUCT_OPS, RINGBUF, INODE_STORAGE, TASK_STORAGE, BLOOM_FILTER, USER_RINGBUF,
 CGRP_STORAGE, ARENA) = range(1, 34)
NAMES = {n: v for v, n in globals().items() if isinstance(n, int) and v.isupper()}

NO_PREALLOC, NO_COMMON_LRU, NUMA, RDONLY, WRONLY = 1, 2, 4, 8, 16
BUILD_ID, ZERO_SEED, RDONLY_PROG, WRONLY_PROG, CLONE = 32, 64, 128, 256, 512
MMAPABLE, PRESERVE, INNER_MAP = 1 << 10, 1 << 11, 1 << 12
OUTER = (ARRAY_OF_MAPS, HASH_OF_MAPS)
STORAGE = (SK_STORAGE, INODE_STORAGE, TASK_STORAGE, CGRP_STORAGE)

# key_size, value_size, max_entries, flags that the kernel accepts for each type
BASE = {t: (4, 4, 4, 0) for t in range(0, 34)}
BASE.update({
    HASH: (4, 8, 4, 0), ARRAY: (4, 8, 4, 0), PERCPU_HASH: (4, 8, 4, 0), PERCPU_ARRAY: (4, 8, 4, 0),
    LRU_HASH: (4, 8, 4, 0), LRU_PERCPU_HASH: (4, 8, 4, 0), STACK_TRACE: (4, 80, 4, 0),
    LPM_TRIE: (8, 8, 4, NO_PREALLOC), CGROUP_STORAGE: (16, 8, 0, 0),
    PERCPU_CGROUP_STORAGE: (16, 8, 0, 0), QUEUE: (0, 8, 4, 0), STACK: (0, 8, 4, 0),
    SK_STORAGE: (4, 8, 0, NO_PREALLOC), INODE_STORAGE: (4, 8, 0, NO_PREALLOC),
    TASK_STORAGE: (4, 8, 0, NO_PREALLOC), CGRP_STORAGE: (4, 8, 0, NO_PREALLOC),
    STRUCT_OPS: (4, 8, 1, 0), RINGBUF: (0, 0, 4096, 0), USER_RINGBUF: (0, 0, 4096, 0),
    BLOOM_FILTER: (0, 8, 4, 0), ARENA: (0, 0, 4, MMAPABLE)})


def out(*words):
    print(*words)


def hexed(n, size=4):
    return n.to_bytes(size, "little").hex()


class Btf:
    """Raw BTF with the few types that keys and values need."""

    def __init__(self):
        self.types, self.strings = b"", b"\0"
        self.count = 0

    def name(self, text):
        if not text:
            return 0
        off = len(self.strings)
        self.strings += text.encode() + b"\0"
        return off

    def add(self, name, kind, vlen, size, extra=b""):
        self.types += struct.pack("<III", self.name(name), kind << 24 | vlen, size) + extra
        self.count += 1
        return self.count

    def int(self, name, size):
        return self.add(name, 1, 0, size, struct.pack("<I", 1 << 24 | size * 8))

    def struct(self, name, size, *members):
        body = b"".join(struct.pack("<III", self.name(n), t, off * 8) for n, t, off in members)
        return self.add(name, 4, len(members), size, body)

    def raw(self):
        head = struct.pack("<HBBIIIII", 0xeb9f, 1, 0, 24, 0, len(self.types), len(self.types),
                           len(self.strings))
        return (head + self.types + self.strings).hex()


def types():
    """The types that the cases use, and their ids."""
    b, ids = Btf(), {}
    ids["int"] = b.int("int", 4)
    ids["long"] = b.int("long", 8)
    ids["lock"] = b.struct("bpf_spin_lock", 4, ("val", ids["int"], 0))
    ids["opaque"] = b.add("", 3, 0, 0, struct.pack("<III", ids["long"], ids["int"], 2))
    ids["timer"] = b.struct("bpf_timer", 16, ("__opaque", ids["opaque"], 0))
    ids["plain8"] = b.struct("plain8", 8, ("a", ids["int"], 0), ("b", ids["int"], 4))
    ids["locked"] = b.struct("locked", 8, ("l", ids["lock"], 0), ("a", ids["int"], 4))
    ids["locked4"] = b.struct("locked4", 8, ("a", ids["int"], 0), ("l", ids["lock"], 4))
    ids["timed"] = b.struct("timed", 24, ("a", ids["long"], 0), ("t", ids["timer"], 8))
    ids["plain24"] = b.struct("plain24", 24, ("a", ids["long"], 0), ("b", ids["opaque"], 8))
    return b.raw(), ids


def create(h, t, key, value, maximum, flags, **more):
    extra = "".join(f" {k}={v}" for k, v in more.items() if v is not None)
    out(f"create {h} type={t} key={key} value={value} max={maximum} flags={flags:#x}{extra}")


def template(t):
    """Makes the template that an outer type needs."""
    if t in OUTER:
        create("inner", ARRAY, 4, 8, 4, 0)
        return "inner"
    return None


def with_btf(t):
    """The BTF attributes that a type cannot do without."""
    if t not in STORAGE:
        return {}
    ids = types()[1]
    out("btf b")
    return {"btf": "b", "ktype": ids["int"], "vtype": ids["plain8"]}


def creations():
    for t in range(0, 35):
        key, value, maximum, flags = BASE.get(t, (4, 4, 4, 0))
        variants = {(key, value, maximum, flags)}
        for k in (0, 1, 3, 4, 5, 8, 12, 16, 64, 260, 261, 512, 513, 4194304):
            variants.add((k, value, maximum, flags))
        for v in (0, 1, 3, 4, 8, 12, 16, 24, 32, 1016, 1024, 4064, 32760, 32768, 32769, 65455, 65456,
                  4194000, 4194244, 4194248, 4194252, 4194256, 4194304, 4194305, 2147483648):
            if v < 1 << 20 or t not in (ARRAY, QUEUE, STACK):
                variants.add((key, v, maximum, flags))
        for m in (0, 1, 2, 3, 5, 1000, 2048, 4096, 6144, 8192, 8193):
            variants.add((key, value, m, flags))
        if t not in (PERCPU_ARRAY, QUEUE, STACK, ARENA):
            for m in (1 << 28, (1 << 31) + 1) if t in (HASH, LRU_HASH, SOCKHASH, DEVMAP_HASH, PERCPU_HASH) else ():
                variants.add((key, value, m, flags))
        for bit in range(21):
            variants.add((key, value, maximum, flags | 1 << bit))
            variants.add((key, value, maximum, flags & ~(1 << bit)))
        for both in ((RDONLY | WRONLY), (RDONLY_PROG | WRONLY_PROG), RDONLY | WRONLY_PROG,
                     WRONLY | RDONLY_PROG, NO_PREALLOC | NO_COMMON_LRU, NUMA | NO_COMMON_LRU,
                     MMAPABLE | INNER_MAP, ZERO_SEED | NO_PREALLOC):
            variants.add((key, value, maximum, flags | both))
        for i, attrs in enumerate(sorted(variants)):
            out(f"case create-{NAMES.get(t, t)}-{i}")
            create("m", t, *attrs, inner=template(t), **with_btf(t))
            out("info m")
        for i, more in enumerate(({"extra": 1}, {"extra": 3}, {"extra": 16}, {"extra": 1 << 32},
                                  {"extra": 4096}, {"name": "abc"}, {"name": "a.b_C1"},
                                  {"name": "a-b"}, {"name": "a$"}, {"name": "abcdefghijklmno"})):
            out(f"case create-{NAMES.get(t, t)}-more{i}")
            create("m", t, key, value, maximum, flags, inner=template(t), **more, **with_btf(t))
            out("info m")
        for node in (0, 1, 4294967295):
            out(f"case create-{NAMES.get(t, t)}-numa{node}")
            create("m", t, key, value, maximum, flags | NUMA, numa=node, inner=template(t),
                   **with_btf(t))
    ids = types()[1]
    for t in range(1, 34):
        for name in ("plain8", "locked", "locked4", "timed", "int"):
            for key_type in ("int", None, "long"):
                out(f"case create-btf-{NAMES[t]}-{name}-{key_type}")
                out("btf b")
                key, value, maximum, flags = BASE[t]
                size = {"timed": 24, "int": 4}.get(name, 8)
                if t not in (RINGBUF, USER_RINGBUF, ARENA):
                    value = size
                create("m", t, key, value, maximum, flags, inner=template(t), btf="b",
                       ktype=ids[key_type] if key_type else 0, vtype=ids[name])
                if name == "plain8" and key_type == "int":
                    out("case create-btf-size-" + NAMES[t])
                    out("btf b")
                    create("m", t, key, value + 8, maximum, flags, inner=template(t), btf="b",
                           ktype=ids["int"], vtype=ids[name])


def operations():
    percpu = (PERCPU_HASH, PERCPU_ARRAY, LRU_PERCPU_HASH, PERCPU_CGROUP_STORAGE)
    objects = {PROG_ARRAY: "prog", PERF_EVENT_ARRAY: "perf", CGROUP_ARRAY: "cgroup"}
    for t in range(1, 34):
        if t == STRUCT_OPS:
            continue
        variants = [(0, "plain")]
        if t in (HASH, PERCPU_HASH, HASH_OF_MAPS):
            variants = [(ZERO_SEED, "plain"), (ZERO_SEED | NO_PREALLOC, "noprealloc")]
        if t in (LRU_HASH, LRU_PERCPU_HASH):
            variants = [(ZERO_SEED, "plain"), (ZERO_SEED | NO_COMMON_LRU, "percpulist")]
        if t == BLOOM_FILTER:
            variants = [(ZERO_SEED, "plain")]
        for more, label in variants:
            key, value, maximum, flags = BASE[t]
            tag = f"{NAMES[t]}-{label}"

            def fresh(name, extra=0, entries=maximum):
                out(f"case {tag}-{name}")
                if t in objects:
                    out(f"object o {objects[t]}")
                inner = template(t)
                create("m", t, key, value, entries, flags | more | extra, inner=inner, **with_btf(t))

            def k(n):
                if key == 0:
                    return "none"
                if t == LPM_TRIE:
                    return hexed(32) + hexed(n)
                return hexed(n + 1000 & 0xffffffff if t in STORAGE else n, key)

            size = (value + 7) // 8 * 16 if t in percpu else value

            def v(n):
                if t in OUTER:
                    return "@inner"
                if t in objects:
                    return "@o"
                if t in (DEVMAP, DEVMAP_HASH):
                    return hexed(1, size)
                if t == CPUMAP:
                    return hexed(n + 1, size)
                if t in (SOCKMAP, SOCKHASH, XSKMAP, REUSEPORT_SOCKARRAY):
                    n += 1000
                return hexed(n, min(size, 8)) * (size // 8 or 1) if size else "none"

            fresh("missing")
            for f in (0, 1, 2, 4, 8, 1 << 32):
                out("lookup m", k(1), f)
                out("take m", k(1), f)
            out("peek m", hexed(7, 8))
            out("delete m", k(1))
            out("next m", k(1))
            out("next m none")
            for f in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1 << 31, 1 << 63):
                fresh(f"update{f}")
                out("update m", k(1), v(5), f)
                out("lookup m", k(1), 0)
                out("update m", k(1), v(6), f)
                out("lookup m", k(1), 0)
                out("peek m", hexed(5, 8))
                out("peek m", hexed(77, 8))
                out("update m", k(2), v(7), f)
                out("delete m", k(2))
                out("delete m", k(2))
                out("take m", k(1), 0)
            fresh("range")
            for n in (0, 3, 4, 5, 0x7fffffff, 0xffffffff):
                out("update m", k(n), v(1), 0)
                out("lookup m", k(n), 0)
                out("next m", k(n))
                out("delete m", k(n))
            for f in (0, 1, 2):
                fresh(f"range{f}")
                for n in (4, 0xffffffff):
                    out("update m", k(n), v(1), f)
            fresh("full")
            for n in range(7):
                out("update m", k(n), v(n), 0)
            out("update m", k(0), v(9), 2)
            out("update m", k(1), v(9), 0)
            out("delete m", k(2))
            out("update m", k(9), v(9), 1)
            out("update m", k(10), v(9), 1)
            for n in range(11):
                out("lookup m", k(n), 0)
            for n in range(5):
                out("take m", k(n), 0)
            fresh("order", entries=maximum if maximum in (0, 1, 4096) or t == ARENA else 16)
            for n in (9, 3, 14, 7, 1, 0, 12):
                out("update m", k(n), v(n), 0)
            walk = ["none"] + [k(n) for n in range(16)]
            for w in walk:
                out("next m", w)
            fresh("freeze")
            out("update m", k(1), v(1), 0)
            out("freeze m")
            out("freeze m")
            out("update m", k(1), v(2), 0)
            out("update m", k(2), v(2), 0)
            out("delete m", k(1))
            out("take m", k(1), 0)
            out("lookup m", k(1), 0)
            out("next m none")
            out("batch m update none 1", k(1), v(1), 0)
            for f, name in ((RDONLY, "rdonly"), (WRONLY, "wronly")):
                fresh(name, f)
                out("update m", k(1), v(1), 0)
                out("lookup m", k(1), 0)
                out("delete m", k(1))
                out("next m none")
                out("take m", k(1), 0)
                out("freeze m")
                out("batch m lookup none 1 none none 0")
                out("batch m update none 1", k(1), v(1), 0)
                out("batch m delete none 1", k(1), v(1), 0)
                out("batch m take none 1 none none 0")
                fresh("open-" + name)
                out("open x m", f)
                out("update x", k(1), v(1), 0)
                out("lookup x", k(1), 0)
                out("freeze x")
                out("info x")
            fresh("batch")
            two = v(1) + v(1) if size else "none"
            for n in (0, 2, 3):
                out("update m", k(n), v(n), 0)
            for f in (0, 1, 4, 8):
                out("batch m lookup none 4 none none", f)
            out("batch m lookup none 0 none none 0")
            out("batch m lookup none 1 none none 0")
            out("batch m lookup none 16 none none 0")
            out("batch m update none 2", (k(0) + k(1)).replace("none", "") or "none", two, 0)
            out("batch m update none 2", (k(0) + k(1)).replace("none", "") or "none", two, 1)
            out("batch m update none 2", (k(0) + k(1)).replace("none", "") or "none", two, 8)
            out("batch m lookup none 16 none none 0")
            out("batch m delete none 2", (k(0) + k(9)).replace("none", "") or "none", "none", 0)
            out("batch m delete none 1", k(1), "none", 1)
            out("batch m take none 16 none none 0")
            out("batch m lookup none 16 none none 0")
    hash_orders()
    locks()
    storage()
    devices()


def hash_orders():
    """Key orders with a zero seed: the hash function itself, for many key sizes."""
    for t in (HASH, PERCPU_HASH, HASH_OF_MAPS):
        for size in (1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 16, 20, 24, 25, 31, 64):
            out(f"case hash-order-{NAMES[t]}-{size}")
            create("m", t, size, 4 if t == HASH_OF_MAPS else 8, 64, ZERO_SEED, inner=template(t))
            keys = [bytes((n * 37 + i * 11 + n * i) & 255 for i in range(size)) for n in range(20)]
            for key in keys:
                value = "@inner" if t == HASH_OF_MAPS else "00" * (16 if t == PERCPU_HASH else 8)
                out("update m", key.hex(), value, 0)
            out("next m none")
            for key in keys:
                out("next m", key.hex())


def locks():
    ids = types()[1]
    for t in (HASH, ARRAY, LRU_HASH, PERCPU_HASH, PERCPU_ARRAY, HASH_OF_MAPS):
        out(f"case lock-{NAMES[t]}")
        out("btf b")
        create("m", t, 4, 8, 4, 0, btf="b", ktype=ids["int"], vtype=ids["locked"])
        for f in (4, 5, 6, 0, 7):
            out("update m", hexed(1), hexed(0x1122334455, 8), f)
            out("lookup m", hexed(1), 4)
            out("lookup m", hexed(1), 0)
            out("take m", hexed(1), 4)
        out("freeze m")


def storage():
    ids = types()[1]
    for t, kinds in ((SK_STORAGE, ("tcp", "udp", "file")), (INODE_STORAGE, ("file",)),
                     (TASK_STORAGE, ("task", "file")), (CGRP_STORAGE, ("cgroup", "file"))):
        for kind in kinds:
            for f in (0, 1, 2, 3, 4, 8):
                out(f"case storage-{NAMES[t]}-{kind}-{f}")
                out("btf b")
                create("m", t, 4, 8, 0, NO_PREALLOC, btf="b", ktype=ids["int"], vtype=ids["plain8"])
                out("object s", kind)
                out("lookup m @s 0")
                out("update m @s", hexed(5, 8), f)
                out("lookup m @s 0")
                out("update m @s", hexed(6, 8), f)
                out("lookup m @s 0")
                out("next m none")
                out("take m @s 0")
                out("delete m @s")
                out("delete m @s")


def devices():
    for t in (DEVMAP, DEVMAP_HASH):
        for size in (4, 8):
            out(f"case devices-{NAMES[t]}-{size}")
            create("m", t, 4, size, 4, 0)
            for f in (0, 1, 2, 3):
                for ifindex in (0, 1, 12345):
                    out("update m", hexed(1), hexed(ifindex, size), f)
                    out("lookup m", hexed(1), 0)
            out("update m", hexed(7), hexed(1, size), 0)
            out("next m none")
            out("next m", hexed(1))
            for n in (1, 1, 9):
                out("delete m", hexed(n))
            if size == 8:
                out("object p xdp")
                out("update m", hexed(1), hexed(1, 8), 0)
                out("update m", hexed(1), hexed(1) + "@p", 0)
                out("update m", hexed(1), hexed(0) + "@p", 0)
                out("update m", hexed(1), hexed(1) + hexed(0xffffffff), 0)
                out("lookup m", hexed(1), 0)
    for size in (4, 8):
        out(f"case cpus-{size}")
        create("m", CPUMAP, 4, size, 8, 0)
        for cpu in (0, 1, 2, 7, 8):
            for queue in (0, 1, 16384, 16385):
                for f in (0, 1, 2, 3):
                    out("update m", hexed(cpu), hexed(queue, size), f)
                out("lookup m", hexed(cpu), 0)
            out("delete m", hexed(cpu))
            out("delete m", hexed(cpu))
            out("next m", hexed(cpu))
    for t, kinds in ((SOCKMAP, ("tcp", "udp", "file", "prog")), (SOCKHASH, ("tcp", "udp", "file")),
                     (XSKMAP, ("tcp", "file")), (REUSEPORT_SOCKARRAY, ("tcp", "udp", "file")),
                     (PROG_ARRAY, ("file", "tcp", "prog", "xdp")), (PERF_EVENT_ARRAY, ("file",)),
                     (CGROUP_ARRAY, ("file", "tcp")), (ARRAY_OF_MAPS, ("file", "prog"))):
        for size in (4, 8):
            for kind in kinds:
                out(f"case objects-{NAMES[t]}-{size}-{kind}")
                create("m", t, 4, size, 4, 0, inner=template(t))
                out("object s", kind)
                for f in (0, 1, 2, 3):
                    out("update m", hexed(1), "@s" if size == 4 else "@@s", f)
                    out("update m", hexed(9), "@s" if size == 4 else "@@s", f)
                out("lookup m", hexed(1), 0) if t not in (SOCKMAP, SOCKHASH) else None
                out("update m", hexed(1), hexed(1000, size), 0)
                out("next m none")
                out("next m", hexed(1))
                for n in (1, 1, 9):
                    out("delete m", hexed(n))
    for t in (PROG_ARRAY,):
        out("case objects-PROG_ARRAY-owner")
        create("m", t, 4, 4, 4, 0)
        out("object a prog")
        out("object b xdp")
        out("update m", hexed(0), "@a", 0)
        out("update m", hexed(1), "@b", 0)
        out("update m", hexed(1), "@a", 0)


def nesting():
    ids = types()[1]
    inners = [t for t in range(1, 34) if t != STRUCT_OPS]
    for outer in OUTER:
        for t in inners:
            key, value, maximum, flags = BASE[t]
            changes = {
                "nothing": {}, "type": {"t": HASH if t != HASH else LRU_HASH},
                "key": {"key": 8 if key == 4 else key + 4}, "value": {"value": value + 8 if value else 8},
                "max": {"maximum": maximum * 2 if maximum else 0}, "extra": {"extra": 4096 * 16 if t == ARENA else 3},
                "name": {"name": "other"}, "numa": {"flags": flags | NUMA, "numa": 0},
                "rdonly": {"flags": flags | RDONLY}, "wronly": {"flags": flags | WRONLY},
                "rdonly_prog": {"flags": flags | RDONLY_PROG},
                "wronly_prog": {"flags": flags | WRONLY_PROG},
                "no_prealloc": {"flags": flags ^ NO_PREALLOC},
                "zero_seed": {"flags": flags | ZERO_SEED}, "mmapable": {"flags": flags ^ MMAPABLE},
                "inner_map": {"flags": flags | INNER_MAP}, "preserve": {"flags": flags | PRESERVE},
                "no_common_lru": {"flags": flags | NO_COMMON_LRU},
                "build_id": {"flags": flags | BUILD_ID}, "clone": {"flags": flags | CLONE},
                "frozen": {"freeze": True}, "btf": {"vtype": ids["plain8"]},
                "btf_lock": {"vtype": ids["locked"]},
            }
            for name, change in changes.items():
                out(f"case nest-{NAMES[outer]}-{NAMES[t]}-{name}")
                if change.get("vtype") or t in STORAGE:
                    out("btf b")
                more = with_types(t, change, ids)
                inner = template(t)
                create("t", t, key, value, maximum, flags, inner=inner, **with_types(t, {}, ids))
                create("o", outer, 4, 4, 2, 0, inner="t")
                out("close t")
                create("i", change.get("t", t), change.get("key", key), change.get("value", value),
                       change.get("maximum", maximum), change.get("flags", flags), inner=inner,
                       extra=change.get("extra"), name=change.get("name"),
                       numa=change.get("numa"), **more)
                if change.get("freeze"):
                    out("freeze i")
                out("update o", hexed(1), "@i", 0)
                out("lookup o", hexed(1), 0)
    for outer in OUTER:
        for entries in (1, 2, 3, 4, 5, 8, 100):
            for flags in (0, INNER_MAP):
                out(f"case inner-map-flag-{NAMES[outer]}-{entries}-{flags}")
                create("t", ARRAY, 4, 8, 4, flags)
                create("o", outer, 4, 4, 2, 0, inner="t")
                create("i", ARRAY, 4, 8, entries, flags)
                out("update o", hexed(0), "@i", 0)
        for t in (ARRAY, HASH):
            for name, other in (("locked", "locked"), ("locked", "locked4"), ("timed", "timed"),
                                ("timed", "plain24"), ("plain24", "timed"), ("locked", "plain8")):
                size = 24 if "24" in name or name == "timed" else 8
                out(f"case special-{NAMES[outer]}-{NAMES[t]}-{name}-{other}")
                out("btf b")
                out("btf c")
                create("t", t, 4, size, 4, 0, btf="b", ktype=ids["int"], vtype=ids[name])
                create("o", outer, 4, 4, 2, 0, inner="t")
                create("i", t, 4, size, 4, 0, btf="c", ktype=ids["int"], vtype=ids[other])
                out("update o", hexed(0), "@i", 0)
        out(f"case outer-btf-{NAMES[outer]}")
        out("btf b")
        create("t", ARRAY, 4, 8, 4, 0)
        create("o", outer, 4, 4, 2, 0, inner="t", btf="b", ktype=ids["int"], vtype=ids["int"])
        out(f"case no-template-{NAMES[outer]}")
        create("o", outer, 4, 4, 2, 0)
        out("object p prog")
        create("o", outer, 4, 4, 2, 0, inner="p")
        create("o", outer, 4, 8, 2, 0, inner="p")
        create("o", outer, 4, 4, 0, 0)
        out(f"case twice-{NAMES[outer]}")
        create("t", ARRAY, 4, 8, 4, 0)
        create("o", outer, 4, 4, 3, ZERO_SEED if outer == HASH_OF_MAPS else 0, inner="t")
        create("q", outer, 4, 4, 3, 0, inner="t")
        for n in (0, 1, 2, 3):
            out("update o", hexed(n), "@t", 0)
            out("update q", hexed(n), "@t", 0)
        out("update o", hexed(0), "@q", 0)
        out("update o", hexed(0), hexed(1000), 0)
        out("update o", hexed(9), hexed(1000), 0)
        out("update o", hexed(0), hexed(1000), 3)
        out("update o", hexed(0), hexed(1000), 1)
        for n in (0, 1, 2, 3):
            out("lookup o", hexed(n), 0)
        out("batch o lookup none 8 none none 0")
        out("batch o update none 2", hexed(0) + hexed(1), "@t@t", 0)
        out("batch o update none 2", hexed(0) + hexed(9), "@t@t", 0)
        out("batch o take none 8 none none 0")
        out("batch o delete none 1", hexed(0), "none 0")


def with_types(t, change, ids):
    vtype = change.get("vtype")
    if t in STORAGE and not vtype:
        vtype = ids["plain8"]
    return {"btf": "b", "ktype": ids["int"], "vtype": vtype} if vtype else {}


out("types", types()[0])
{"create": creations, "operations": operations, "nesting": nesting}[sys.argv[1]]()
