/// What an object file says: programs, maps, types; nothing live.
@NullMarked
package bpf4j.model.spec;

import org.jspecify.annotations.NullMarked;
