/// CO-RE: relocation of field accesses, type facts and enum values against a target's BTF.
@NullMarked
package bpf4j.loader.core;

import org.jspecify.annotations.NullMarked;
