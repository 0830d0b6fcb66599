/// From the functions of an object to programs as the kernel gets them: CO-RE, subprograms, map and
/// extern references, function and line records.
@NullMarked
package bpf4j.loader.link;

import org.jspecify.annotations.NullMarked;
