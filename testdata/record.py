# SPDX-License-Identifier: Apache-2.0
"""Writes golden/CPU/NAME.json (and the logs beside it) from the kernel's answers. Run by record.sh."""
import glob, gzip, json, os, re, subprocess, sys

WORK, KIT = os.environ["WORK"], os.environ["PARITY_KIT"]
NO_TEST_RUN = {"kprobe", "tracepoint", "perf_event", "cgroup_sock_addr", "sock_ops", "sk_msg", "sk_skb", "cgroup_sockopt"}
STATISTIC = re.compile(r"(;|verification time|stack depth|processed \d)")
LONGEST_LOG = 4 << 20


def mask(text):
    """Leaves out what changes from run to run: the time line and kernel addresses."""
    text = re.sub(r"verification time \d+ usec\n?", "", text)
    return re.sub(r"0xffff[0-9a-f]{12}", "0xADDR", text)


def ask(obj, logs):
    out = subprocess.run([f"{KIT}/ask-kernel.sh", obj], env={**os.environ, "LOGS": logs}, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def write_log(record, logs, folder, stem):
    path = os.path.join(logs, record["log_file"])
    text = (gzip.open if path.endswith(".gz") else open)(path, "rt", errors="replace").read()
    text = mask(text)
    name = f"{stem}.log"
    for old in (name, name + ".gz"):
        if os.path.exists(os.path.join(folder, old)):
            os.remove(os.path.join(folder, old))
    if len(text) > LONGEST_LOG or record.get("log_truncated"):
        return None, text
    if len(text) > 32768:
        name += ".gz"
        with open(os.path.join(folder, name), "wb") as f, gzip.GzipFile("", "wb", 9, f, mtime=0) as z:
            z.write(text.encode())
    else:
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    return name, text


def program(record, logs, folder):
    verdict = {"program": record["program"], "section": record["section"], "prog_type": record["prog_type"],
               "attach_type": record["attach_type"], "verdict": record["verdict"], "errno": record.get("errname")}
    if record["verdict"] not in ("accept", "reject"):
        return {**verdict, "libbpf": record.get("libbpf")}
    name, text = write_log(record, logs, folder, f"{record['object']}__{record['program']}")
    keep = [line for line in text.splitlines() if line and not STATISTIC.match(line)]
    stats = record["stats"]
    return {**verdict, "message": keep[-1] if record["verdict"] == "reject" and keep else None,
            "insn_cnt": record["insn_cnt"], "processed_insns": stats.get("processed"),
            "max_states_per_insn": stats.get("max_states_per_insn"), "total_states": stats.get("total_states"),
            "peak_states": stats.get("peak_states"), "mark_read": stats.get("mark_read"),
            "stack_depth": stats.get("stack_depth"), "log": name, "core_relos": record["features"]["core_relos"],
            "maps": record["features"]["maps"], "insns": record["insns"]}


def step(s):
    words = [s["program"]]
    for key, option in (("data_in", "data"), ("ctx_in", "ctx"), ("ctx_size_out", "ctxout"), ("repeat", "repeat")):
        if key in s:
            words.append(f"{option}={s[key]}")
    return ",".join(words)


def zero(entry):
    """An array's untouched element: golden files leave it out."""
    return not any(c != "0" for v in entry.get("values", [entry.get("value", "")]) for c in v)


def runs(cases, obj, programs):
    out = []
    refused = [a for p in programs if p["verdict"] != "accept" for a in ("-x", p["program"])]
    for case in cases:
        command = [f"{WORK}/kernel-run", obj, *refused, *[step(s) for s in case["steps"]]]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"{obj}: {case['name']}: kernel-run ended with {done.returncode}: {done.stderr}")
        result = json.loads(done.stdout)
        steps = [{**s, **r} for s, r in zip(case["steps"], result["steps"])]
        for s in steps:
            s["errno"] = s["errno"] or None
        skip = set(case.get("ignore_maps", []))
        maps = [m for m in result["maps"] if m["name"] not in skip]
        for m in maps:
            if m["type"] not in ("queue", "stack", "ringbuf"):
                m["entries"].sort(key=lambda e: e["key"])
            if m["type"] in ("array", "percpu_array"):
                m["entries"] = [e for e in m["entries"] if not zero(e)]
        out.append({"name": case["name"], "steps": steps, "maps": maps})
    return out


def main(names):
    for cpu in ("v3", "v4"):
        folder, logs = f"golden/{cpu}", f"{WORK}/logs-{cpu}"
        os.makedirs(folder, exist_ok=True)
        os.makedirs(logs, exist_ok=True)
        for obj in sorted(glob.glob(f"obj/{cpu}/*.o")):
            name = os.path.basename(obj)[:-2]
            if names and name not in names:
                continue
            programs = [program(r, logs, folder) for r in ask(obj, logs)]
            cases = json.load(open(f"cases/{name}.json"))["runs"] if os.path.exists(f"cases/{name}.json") else []
            golden = {"object": name, "cpu": cpu, "programs": programs, "runs": runs(cases, obj, programs)}
            with open(f"{folder}/{name}.json", "w") as f:
                json.dump(golden, f, indent=1)
                f.write("\n")
        left = {os.path.basename(p)[:-2] for p in glob.glob(f"obj/{cpu}/*.o")}
        for old in glob.glob(f"{folder}/*"):
            if re.split(r"__|\.", os.path.basename(old))[0] not in left:
                os.remove(old)


main(sys.argv[1:])
