/// What an object file holds: its sections by role, program code, maps, externs and types, before
/// anything is linked.
@NullMarked
package bpf4j.loader.object;

import org.jspecify.annotations.NullMarked;
