#!/usr/bin/env python3
"""compare_inspect.py KERNEL.jsonl OURS.jsonl [-v]

Holds what the loader makes of the parity corpus (InspectMain's lines) against the kernel's records:
programs, types, maps, instructions, and what libbpf refuses with its first message.
"""
import collections, json, re, sys

def obj(s): return re.sub(r"\.o$", "", s)
verbose = "-v" in sys.argv
n, diffs = collections.Counter(), []
ours, extra = {}, {}
for line in open(sys.argv[2]):
    r = json.loads(line)
    if "program" in r: ours[obj(r["object"]), r["program"]] = r
    else: extra[obj(r["object"])] = r
seen = set()
for line in open(sys.argv[1], errors="replace"):
    k = json.loads(line)
    o, p, v = obj(k["object"]), k["program"], k["verdict"]
    def differ(kind, want, got):
        n[kind + " differs"] += 1
        diffs.append((kind, o, p, str(want)[:400], str(got)[:400]))
    first = next((re.sub("^libbpf: ", "", m) for m in k.get("libbpf", [])
                  if not re.match("libbpf: (BTF loading error|-- BEGIN BTF|Error loading .BTF into)", m)), None)
    if v == "open_error":
        n["refused objects"] += 1
        m = extra.get(o, {}).get("message")
        if m != first: differ("open message", first, m)
        continue
    if v == "no_programs":
        n["objects without programs"] += 1
        if any(x[0] == o for x in ours) or "error" in extra.get(o, {}): differ("no programs", "", extra.get(o))
        continue
    r = ours.get((o, p)); seen.add((o, p)); n["programs"] += 1
    if r is None: differ("missing program", v, extra.get(o)); continue
    if r["section"] != k["section"]: differ("section", k["section"], r["section"])
    if r["type"] != k["prog_type"]: differ("type", k["prog_type"], r["type"])
    if v == "loader_error":
        n["refused programs"] += 1
        if r.get("message") != first: differ("load message", (first, k["errname"]), r.get("message"))
        elif r.get("error") != k["errname"] and (k["errname"] or k["errno"] < 4000): differ("load errno", k["errname"], r.get("error"))
        continue
    if "error" in r: differ("refused by us", first or v, r["message"]); continue
    if k.get("maps_not_created"): n["left out: maps not created"] += 1; continue
    if r["attach_type"] != k["attach_type"]: differ("attach type", k["attach_type"], r["attach_type"])
    if r["license"] != k["license"]: differ("license", k["license"], r["license"])
    if r["autoload"] != k["autoload"] and k["prog_type"] != "struct_ops": differ("autoload", k["autoload"], r["autoload"])
    flags = k["prog_flags"] & ~k.get("expect", {}).get("flags_set", 0)
    if r["prog_flags"] & ~k.get("expect", {}).get("flags_set", 0) != flags: differ("flags", k["prog_flags"], r["prog_flags"])
    f = k["features"]
    if r.get("attach_btf_id", 0) != f["attach_btf_id"]: differ("attach_btf_id", f["attach_btf_id"], r.get("attach_btf_id", 0))
    if (f["prog_btf"], f["func_info"], f["line_info"]) != (r["btf"], r["func_info"], r["line_info"]):
        differ("btf", (f["prog_btf"], f["func_info"], f["line_info"]), (r["btf"], r["func_info"], r["line_info"]))
    n["compared insns"] += 1
    if r["insns"] != k["insns"]:
        a, b = k["insns"], r["insns"]
        i = next((i for i in range(0, min(len(a), len(b)), 16) if a[i:i+16] != b[i:i+16]), min(len(a), len(b)))
        differ("insns", f"{len(a)//16} slots, [{i//16}] {a[i:i+32]}", f"{len(b)//16} slots, {b[i:i+32]}")
    if len(f["maps"]) != len(r["maps"]): differ("map count", [m["name"] for m in f["maps"]], [m["name"] for m in r["maps"]]); continue
    fix = dict(re.match(r"(.*): max_entries 0 -> (\d+)", x).groups() for x in k.get("map_fixups", []))
    for a, b in zip(f["maps"], r["maps"]):
        n["maps"] += 1
        want = (a["name"], a["type"], a["key"], a["value"], a["max"], a["flags"])
        bf = b["flags"] | (128 if b["type"] in ("devmap", "devmap_hash") else 0)
        got = (b["name"][:15], b["type"], b["key_size"], b["value_size"], int(fix.get(b["name"], b["max_entries"])), bf)
        if want != got: differ("map", want, got)
for key in ours:
    if key not in seen: n["extra program"] += 1; diffs.append(("extra program", *key, "", ""))
for d in diffs if verbose else diffs[:60]: print("\t".join(map(str, d)))
for k, v in sorted(n.items()): print(f"{k}: {v}")
