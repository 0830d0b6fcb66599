// SPDX-License-Identifier: Apache-2.0
/*
 * kernel-run OBJECT [-x PROGRAM]... STEP...
 *
 * Loads an object with libbpf, test-runs its programs in the order given on the
 * same maps, and prints one JSON line: what each step returned and what the maps
 * held in the end. Nothing is attached or pinned. Built by record.sh only.
 *
 * A step is PROGRAM[,data=HEX][,ctx=HEX][,ctxout=BYTES][,repeat=N]; -x leaves a
 * program out of loading.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DATA 65536

static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, fmt, args) : 0;
}

static void hex(const char *label, const void *data, size_t n)
{
	const unsigned char *p = data;

	printf("%s\"", label);
	while (n--)
		printf("%02x", *p++);
	putchar('"');
}

static size_t unhex(const char *s, unsigned char *to)
{
	size_t n = 0;
	unsigned byte;

	for (; s[0] && s[1] && s[0] != ',' && sscanf(s, "%2x", &byte) == 1; s += 2)
		to[n++] = byte;
	return n;
}

static const char *option(const char *step, const char *name)
{
	const char *at = step;

	while ((at = strchr(at, ','))) {
		at++;
		if (!strncmp(at, name, strlen(name)) && at[strlen(name)] == '=')
			return at + strlen(name) + 1;
	}
	return NULL;
}

static int run_step(struct bpf_object *obj, const char *step, bool first)
{
	static unsigned char data_in[MAX_DATA], data_out[2 * MAX_DATA], ctx_in[MAX_DATA], ctx_out[MAX_DATA];
	LIBBPF_OPTS(bpf_test_run_opts, o);
	char name[256];
	const char *v;
	struct bpf_program *prog;
	int err;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(step, ","), step);
	prog = bpf_object__find_program_by_name(obj, name);
	if (!prog) {
		fprintf(stderr, "no program %s\n", name);
		return 1;
	}
	if ((v = option(step, "data"))) {
		o.data_in = data_in;
		o.data_size_in = unhex(v, data_in);
		o.data_out = data_out;
		o.data_size_out = sizeof(data_out);
	}
	if ((v = option(step, "ctx"))) {
		o.ctx_in = ctx_in;
		o.ctx_size_in = o.ctx_size_out = unhex(v, ctx_in);
		if (bpf_program__type(prog) == BPF_PROG_TYPE_RAW_TRACEPOINT)
			o.ctx_size_out = 0;
		else
			o.ctx_out = ctx_out;
	}
	if ((v = option(step, "ctxout"))) {
		o.ctx_size_out = atoi(v);
		o.ctx_out = ctx_out;
	}
	if ((v = option(step, "repeat")))
		o.repeat = atoi(v);
	if (bpf_program__type(prog) == BPF_PROG_TYPE_SYSCALL)
		o.ctx_size_out = 0, o.ctx_out = NULL; /* copied back into ctx_in */
	err = bpf_prog_test_run_opts(bpf_program__fd(prog), &o);
	printf("%s{\"program\":\"%s\",\"errno\":\"%s\"", first ? "" : ",", name, err ? strerrorname_np(-err) : "");
	if (!err) {
		printf(",\"retval\":%d", (int)o.retval);
		if (o.data_in)
			hex(",\"data_out\":", data_out, o.data_size_out);
		if (o.ctx_out)
			hex(",\"ctx_out\":", ctx_out, o.ctx_size_out);
		else if (bpf_program__type(prog) == BPF_PROG_TYPE_SYSCALL && o.ctx_in)
			hex(",\"ctx_out\":", ctx_in, o.ctx_size_in);
	}
	printf("}");
	return 0;
}

static bool comma;
static int record(void *ctx, void *data, size_t n)
{
	hex(comma ? "," : "", data, n);
	comma = true;
	return 0;
}

static void dump_entries(int fd, int type, int key_size, int value_size)
{
	static unsigned char key[4096], next[4096], value[1 << 20];
	bool percpu = type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
		      type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	bool outer = type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS;
	void *from = NULL;
	int slot = (value_size + 7) / 8 * 8, n = 0;

	if (type == BPF_MAP_TYPE_QUEUE || type == BPF_MAP_TYPE_STACK) {
		while (!bpf_map_lookup_and_delete_elem(fd, NULL, value)) {
			hex(n++ ? ",{\"value\":" : "{\"value\":", value, value_size);
			printf("}");
		}
		return;
	}
	if (type == BPF_MAP_TYPE_RINGBUF) {
		struct ring_buffer *rb = ring_buffer__new(fd, record, NULL, NULL);

		comma = false;
		printf("{\"records\":[");
		if (rb)
			ring_buffer__consume(rb);
		printf("]}");
		ring_buffer__free(rb);
		return;
	}
	if (type == BPF_MAP_TYPE_BLOOM_FILTER || type == BPF_MAP_TYPE_PERF_EVENT_ARRAY || type == BPF_MAP_TYPE_STACK_TRACE)
		return;
	for (; !bpf_map_get_next_key(fd, from, next); from = key) {
		memcpy(key, next, key_size);
		if (bpf_map_lookup_elem(fd, key, value))
			continue;
		hex(n++ ? ",{\"key\":" : "{\"key\":", key, key_size);
		if (percpu) {
			printf(",\"values\":[");
			for (int c = 0; c < libbpf_num_possible_cpus(); c++)
				hex(c ? "," : "", value + c * slot, value_size);
			printf("]}");
		} else if (outer) {
			int inner = bpf_map_get_fd_by_id(*(__u32 *)value);
			struct bpf_map_info info = {};
			__u32 len = sizeof(info);

			bpf_map_get_info_by_fd(inner, &info, &len);
			printf(",\"inner_map\":\"%s\"}", info.name);
		} else if (type == BPF_MAP_TYPE_PROG_ARRAY) {
			int prog = bpf_prog_get_fd_by_id(*(__u32 *)value);
			struct bpf_prog_info info = {};
			__u32 len = sizeof(info);

			bpf_prog_get_info_by_fd(prog, &info, &len);
			printf(",\"program\":\"%s\"}", info.name);
		} else {
			hex(",\"value\":", value, value_size);
			printf("}");
		}
	}
}

int main(int argc, char **argv)
{
	struct bpf_object *obj;
	struct bpf_program *prog;
	struct bpf_map *map;
	cpu_set_t cpu0;
	bool first = true;
	int i;

	if (argc < 2)
		return 2;
	CPU_ZERO(&cpu0);
	CPU_SET(0, &cpu0);
	sched_setaffinity(0, sizeof(cpu0), &cpu0);
	libbpf_set_print(quiet);
	obj = bpf_object__open(argv[1]);
	if (!obj)
		return 2;
	bpf_object__for_each_program(prog, obj)
		bpf_program__set_autoload(prog, true);
	for (i = 2; i + 1 < argc && !strcmp(argv[i], "-x"); i += 2)
		bpf_program__set_autoload(bpf_object__find_program_by_name(obj, argv[i + 1]), false);
	if (bpf_object__load(obj))
		return 1;
	printf("{\"steps\":[");
	for (; i < argc; i++, first = false)
		if (run_step(obj, argv[i], first))
			return 2;
	printf("],\"maps\":[");
	first = true;
	bpf_object__for_each_map(map, obj) {
		printf("%s{\"name\":\"%s\",\"type\":\"%s\",\"entries\":[", first ? "" : ",", bpf_map__name(map),
		       libbpf_bpf_map_type_str(bpf_map__type(map)));
		first = false;
		dump_entries(bpf_map__fd(map), bpf_map__type(map), bpf_map__key_size(map), bpf_map__value_size(map));
		printf("]}");
	}
	printf("]}\n");
	bpf_object__close(obj);
	return 0;
}
