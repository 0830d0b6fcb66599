// SPDX-License-Identifier: Apache-2.0
/*
 * map-calls < SCRIPT > GOLDEN
 *
 * Performs map system calls, one a line, on the running kernel and prints every line
 * with what the kernel answered behind " => ": 0, the errno's number as -N, then the
 * bytes that came back. Built by record.sh only; maps live as long as their case.
 *
 *   case NAME                                 everything before is closed
 *   create H type=N [key=N value=N max=N flags=N extra=N numa=N name=S inner=H btf=B ktype=N vtype=N]
 *   types HEX                                 raw BTF for the lines behind
 *   btf B                object H prog|xdp|tcp|udp|file|perf|cgroup|task        close H
 *   open H FROM FLAGS                         another fd of the same map, by id
 *   lookup H KEY FLAGS   delete H KEY   next H KEY|none   take H KEY FLAGS   freeze H
 *   peek H VALUE                              lookup that passes a value in (bloom filters)
 *   update H KEY VALUE FLAGS                  @X as a VALUE is the fd of X in 4 bytes, @@X in 8
 *   batch H lookup|take|update|delete IN|none COUNT KEYS VALUES FLAGS
 *   info H
 *
 * An answer of 4 bytes that is the id of a map or program of the case is printed as =H.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_OBJECTS 512
#define BUFFER (1 << 20)

static struct object {
	char name[24];
	int fd;
	unsigned id, key_size, value_bytes;
} objects[MAX_OBJECTS];
static struct object missing = { .name = "missing", .fd = 1000 };
static int count;
static unsigned char *key_buf, *value_buf, *next_buf;

static long call(int cmd, union bpf_attr *attr)
{
	long ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

static struct object *find(const char *name)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(objects[i].name, name))
			return &objects[i];
	return &missing; /* its creation was refused: every call on it gives EBADF */
}

static void add(const char *name, int fd)
{
	struct object *o;

	if (fd < 0)
		return;
	o = &objects[count++];
	memset(o, 0, sizeof(*o));
	snprintf(o->name, sizeof(o->name), "%s", name);
	o->fd = fd;
}

static void describe(struct object *o, unsigned cpus)
{
	struct bpf_map_info info = {};
	union bpf_attr attr = {};
	int percpu;

	attr.info.bpf_fd = o->fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	if (call(BPF_OBJ_GET_INFO_BY_FD, &attr))
		return;
	percpu = info.type == BPF_MAP_TYPE_PERCPU_ARRAY || info.type == BPF_MAP_TYPE_PERCPU_HASH ||
		 info.type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
		 info.type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
	o->id = info.id;
	o->key_size = info.key_size;
	o->value_bytes = percpu ? (info.value_size + 7) / 8 * 8 * cpus : info.value_size;
}

static void close_all(void)
{
	while (count)
		close(objects[--count].fd);
}

static unsigned char *bytes(const char *s, unsigned char *to)
{
	unsigned n = 0, b;

	if (!strcmp(s, "none"))
		return NULL;
	while (*s) {
		if (*s == '@') {
			char name[24];
			int wide = s[1] == '@', len = 0;
			uint64_t fd;

			sscanf(s + 1 + wide, "%23[a-z0-9_]%n", name, &len);
			s += 1 + wide + len;
			fd = find(name)->fd;
			memcpy(to + n, &fd, wide ? 8 : 4);
			n += wide ? 8 : 4;
		} else if (sscanf(s, "%2x", &b) == 1 && s[1]) {
			to[n++] = b;
			s += 2;
		} else {
			s++;
		}
	}
	return to;
}

static void print_bytes(const unsigned char *p, unsigned n)
{
	uint32_t id;

	if (n == 4) {
		memcpy(&id, p, 4);
		for (int i = 0; i < count; i++)
			if (objects[i].id && objects[i].id == id) {
				printf(" =%s", objects[i].name);
				return;
			}
	}
	putchar(' ');
	while (n--)
		printf("%02x", *p++);
}

static unsigned long long field(const char *line, const char *name)
{
	char want[32];
	const char *at;

	snprintf(want, sizeof(want), " %s=", name);
	at = strstr(line, want);
	return at ? strtoull(at + strlen(want), NULL, 0) : 0;
}

static int word(const char *line, const char *name, char *to)
{
	char want[32];
	const char *at;

	snprintf(want, sizeof(want), " %s=", name);
	at = strstr(line, want);
	return at && sscanf(at + strlen(want), "%63s", to) == 1;
}

static long create(const char *line, const char *name, unsigned cpus)
{
	union bpf_attr attr = {};
	char text[64];
	long ret;

	attr.map_type = field(line, "type");
	attr.key_size = field(line, "key");
	attr.value_size = field(line, "value");
	attr.max_entries = field(line, "max");
	attr.map_flags = field(line, "flags");
	attr.map_extra = field(line, "extra");
	attr.numa_node = field(line, "numa");
	attr.btf_key_type_id = field(line, "ktype");
	attr.btf_value_type_id = field(line, "vtype");
	if (word(line, "name", text))
		memcpy(attr.map_name, text, strnlen(text, sizeof(attr.map_name) - 1));
	if (word(line, "btf", text))
		attr.btf_fd = find(text)->fd;
	attr.inner_map_fd = word(line, "inner", text) ? find(text)->fd : 1000;
	if (attr.map_type != BPF_MAP_TYPE_ARRAY_OF_MAPS && attr.map_type != BPF_MAP_TYPE_HASH_OF_MAPS)
		attr.inner_map_fd = 0;
	ret = call(BPF_MAP_CREATE, &attr);
	if (ret >= 0) {
		add(name, ret);
		describe(&objects[count - 1], cpus);
		ret = 0;
	}
	return ret;
}

static int load_prog(int type)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {};

	attr.prog_type = type;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = 2;
	attr.license = (uintptr_t)"GPL";
	return call(BPF_PROG_LOAD, &attr);
}

static unsigned prog_id(int fd)
{
	struct bpf_prog_info info = {};
	union bpf_attr attr = {};

	attr.info.bpf_fd = fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	return call(BPF_OBJ_GET_INFO_BY_FD, &attr) ? 0 : info.id;
}

static int make_object(const char *kind)
{
	if (!strcmp(kind, "prog"))
		return load_prog(BPF_PROG_TYPE_SOCKET_FILTER);
	if (!strcmp(kind, "xdp"))
		return load_prog(BPF_PROG_TYPE_XDP);
	if (!strcmp(kind, "tcp"))
		return socket(AF_INET, SOCK_STREAM, 0);
	if (!strcmp(kind, "udp"))
		return socket(AF_INET, SOCK_DGRAM, 0);
	if (!strcmp(kind, "cgroup"))
		return open(getenv("CGROUP") ?: "/sys/fs/cgroup", O_RDONLY | O_DIRECTORY);
	if (!strcmp(kind, "task"))
		return syscall(SYS_pidfd_open, getpid(), 0);
	if (!strcmp(kind, "file"))
		return open("/dev/null", O_RDONLY);
	if (!strcmp(kind, "perf")) {
		struct perf_event_attr attr = {
			.type = PERF_TYPE_SOFTWARE,
			.config = PERF_COUNT_SW_BPF_OUTPUT,
			.size = sizeof(attr),
			.sample_type = PERF_SAMPLE_RAW,
		};

		return syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	}
	return -1;
}

static unsigned char types[65536];
static unsigned types_size;

static long load_btf(void)
{
	union bpf_attr attr = {};

	attr.btf = (uintptr_t)types;
	attr.btf_size = types_size;
	return call(BPF_BTF_LOAD, &attr);
}

static long open_again(const char *name, struct object *from, unsigned flags, unsigned cpus)
{
	union bpf_attr attr = {};
	long ret;

	attr.map_id = from->id;
	attr.open_flags = flags;
	ret = call(BPF_MAP_GET_FD_BY_ID, &attr);
	if (ret < 0)
		return ret;
	add(name, ret);
	describe(&objects[count - 1], cpus);
	objects[count - 1].id = 0;
	return 0;
}

static void batch(char *arg[], struct object *o)
{
	static unsigned char in[4096], out[4096];
	union bpf_attr attr = {};
	unsigned n = strtoul(arg[4], NULL, 0);
	const char *op = arg[2];
	int cmd, reads = *op == 'l' || *op == 't';
	long ret;

	cmd = *op == 'l' ? BPF_MAP_LOOKUP_BATCH : *op == 't' ? BPF_MAP_LOOKUP_AND_DELETE_BATCH
	    : *op == 'u' ? BPF_MAP_UPDATE_BATCH : BPF_MAP_DELETE_BATCH;
	memset(key_buf, 0, BUFFER);
	memset(value_buf, 0, BUFFER);
	attr.batch.in_batch = (uintptr_t)bytes(arg[3], in);
	attr.batch.out_batch = (uintptr_t)out;
	attr.batch.keys = (uintptr_t)bytes(reads ? "" : arg[5], key_buf);
	attr.batch.values = (uintptr_t)bytes(reads ? "" : arg[6], value_buf);
	attr.batch.count = n;
	attr.batch.map_fd = o->fd;
	attr.batch.elem_flags = strtoull(arg[7], NULL, 0);
	if (!reads)
		attr.batch.in_batch = attr.batch.out_batch = 0;
	ret = call(cmd, &attr);
	printf("%ld %u", ret, attr.batch.count);
	if (reads && (!ret || ret == -ENOENT) && attr.batch.count <= n) {
		for (unsigned i = 0; i < attr.batch.count; i++) {
			print_bytes(key_buf + i * o->key_size, o->key_size);
			print_bytes(value_buf + i * o->value_bytes, o->value_bytes);
		}
	}
}

static long element(char *arg[], struct object *o, const unsigned char **out, unsigned *n)
{
	union bpf_attr attr = {};
	char op = arg[0][0];
	long ret;

	memset(value_buf, 0, o->value_bytes + 64);
	attr.map_fd = o->fd;
	attr.key = (uintptr_t)bytes(op == 'p' ? "none" : arg[2], key_buf);
	if (!o->key_size && op != 'n' && op != 'd')
		attr.key = 0;
	attr.value = (uintptr_t)value_buf;
	switch (op) {
	case 'l':
		attr.flags = strtoull(arg[3], NULL, 0);
		ret = call(BPF_MAP_LOOKUP_ELEM, &attr);
		break;
	case 'p':
		bytes(arg[2], value_buf);
		return call(BPF_MAP_LOOKUP_ELEM, &attr);
	case 't':
		attr.flags = strtoull(arg[3], NULL, 0);
		ret = call(BPF_MAP_LOOKUP_AND_DELETE_ELEM, &attr);
		break;
	case 'u':
		bytes(arg[3], value_buf);
		attr.flags = strtoull(arg[4], NULL, 0);
		return call(BPF_MAP_UPDATE_ELEM, &attr);
	case 'd':
		attr.value = 0;
		return call(BPF_MAP_DELETE_ELEM, &attr);
	default:
		memset(next_buf, 0, 4096);
		attr.next_key = (uintptr_t)next_buf;
		ret = call(BPF_MAP_GET_NEXT_KEY, &attr);
		*out = next_buf;
		*n = ret ? 0 : o->key_size;
		return ret;
	}
	*out = value_buf;
	*n = ret ? 0 : o->value_bytes;
	return ret;
}

static void info(struct object *o)
{
	struct bpf_map_info m = {};
	union bpf_attr attr = {};
	long ret;

	attr.info.bpf_fd = o->fd;
	attr.info.info_len = sizeof(m);
	attr.info.info = (uintptr_t)&m;
	ret = call(BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (ret) {
		printf("%d", -EBADF);
		return;
	}
	printf("%ld type=%u key=%u value=%u max=%u flags=0x%x extra=0x%llx name=%s", ret, m.type,
	       m.key_size, m.value_size, m.max_entries, m.map_flags,
	       (unsigned long long)m.map_extra, m.name);
}

static void run(char *line, char *arg[], unsigned cpus)
{
	const unsigned char *out = NULL;
	unsigned n = 0;
	union bpf_attr attr = {};
	struct object *o;
	long ret;

	if (!strcmp(arg[0], "create")) {
		printf("%ld", create(line, arg[1], cpus));
	} else if (!strcmp(arg[0], "btf")) {
		ret = load_btf();
		add(arg[1], ret);
		printf("%ld", ret < 0 ? ret : 0);
	} else if (!strcmp(arg[0], "object")) {
		ret = make_object(arg[2]);
		add(arg[1], ret);
		if (ret >= 0 && (!strcmp(arg[2], "prog") || !strcmp(arg[2], "xdp")))
			objects[count - 1].id = prog_id(ret);
		printf("%d", ret < 0 ? -1 : 0);
	} else if (!strcmp(arg[0], "open")) {
		printf("%ld", open_again(arg[1], find(arg[2]), strtoul(arg[3], NULL, 0), cpus));
	} else if (!strcmp(arg[0], "close")) {
		o = find(arg[1]);
		close(o->fd);
		o->fd = 1000;
		putchar('0');
	} else if (!strcmp(arg[0], "freeze")) {
		attr.map_fd = find(arg[1])->fd;
		printf("%ld", call(BPF_MAP_FREEZE, &attr));
	} else if (!strcmp(arg[0], "info")) {
		info(find(arg[1]));
	} else if (!strcmp(arg[0], "batch")) {
		batch(arg, find(arg[1]));
	} else {
		ret = element(arg, find(arg[1]), &out, &n);
		printf("%ld", ret);
		if (n)
			print_bytes(out, n);
	}
}

int main(void)
{
	static char line[1 << 18], copy[1 << 18];
	unsigned cpus = sysconf(_SC_NPROCESSORS_CONF);

	key_buf = malloc(BUFFER);
	value_buf = malloc(BUFFER * 4);
	next_buf = malloc(BUFFER);
	while (fgets(line, sizeof(line), stdin)) {
		char *arg[16] = {}, *p = copy, *save = NULL;
		int n = 0;

		line[strcspn(line, "\n")] = 0;
		strcpy(copy, line);
		for (p = strtok_r(copy, " ", &save); p && n < 15; p = strtok_r(NULL, " ", &save))
			arg[n++] = p;
		printf("%s", line);
		if (n && !strcmp(arg[0], "case")) {
			close_all();
		} else if (n && !strcmp(arg[0], "types")) {
			bytes(arg[1], types);
			types_size = strlen(arg[1]) / 2;
		} else if (n && *arg[0] != '#') {
			printf(" => ");
			run(line, arg, cpus);
		}
		putchar('\n');
	}
	close_all();
	return 0;
}
