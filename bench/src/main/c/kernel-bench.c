// SPDX-License-Identifier: Apache-2.0
/*
 * kernel-bench OBJECT REPEAT
 *
 * Loads an object with libbpf, test-runs `setup` once, and then on every line of standard input one
 * round: each program REPEAT times on a 1500-byte packet. Prints "PROGRAM RETVAL NANOS" lines and an
 * empty line at a round's end. Nothing is attached or pinned.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char packet[1500];

static int run(struct bpf_program *prog, int repeat, unsigned *retval, unsigned *nanos)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = repeat);
	int err = bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);

	*retval = opts.retval;
	*nanos = opts.duration;
	return err;
}

int main(int argc, char **argv)
{
	struct bpf_program *prog;
	struct bpf_object *obj;
	unsigned retval, nanos;
	char line[16];

	if (argc != 3 || !(obj = bpf_object__open(argv[1])) || bpf_object__load(obj))
		return 2;
	for (int i = 0; i < (int)sizeof(packet); i++)
		packet[i] = i * 37 + (i >> 8);
	memcpy(packet + 12, "\x08\x00\x45", 3);
	packet[23] = 17;
	prog = bpf_object__find_program_by_name(obj, "setup");
	if (prog && run(prog, 1, &retval, &nanos))
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		bpf_object__for_each_program(prog, obj) {
			if (!strcmp(bpf_program__name(prog), "setup"))
				continue;
			if (run(prog, atoi(argv[2]), &retval, &nanos))
				return 2;
			printf("%s %u %u\n", bpf_program__name(prog), retval, nanos);
		}
		printf("\n");
		fflush(stdout);
	}
	bpf_object__close(obj);
	return 0;
}
