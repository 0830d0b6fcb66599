package bpf4j.cli;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures;
import org.junit.jupiter.api.Test;

/// Pins the arrows between modules: model ← loader, maps, verifier ← vm ← cli.
class ModuleArrowsTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("bpf4j");

  @Test
  void arrowsRunOneWay() {
    Architectures.layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("bpf4j..")
        .layer("model")
        .definedBy("bpf4j.model..")
        .layer("loader")
        .definedBy("bpf4j.loader..")
        .layer("maps")
        .definedBy("bpf4j.maps..")
        .layer("verifier")
        .definedBy("bpf4j.verifier..")
        .layer("vm")
        .definedBy("bpf4j.vm..")
        .layer("cli")
        .definedBy("bpf4j.cli..")
        .whereLayer("cli")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("vm")
        .mayOnlyBeAccessedByLayers("cli")
        .whereLayer("loader")
        .mayOnlyBeAccessedByLayers("vm", "cli")
        .whereLayer("maps")
        .mayOnlyBeAccessedByLayers("vm", "cli")
        .whereLayer("verifier")
        .mayOnlyBeAccessedByLayers("vm", "cli")
        .check(CLASSES);
  }

  @Test
  void topLevelPackagesFormNoCycle() {
    slices().matching("bpf4j.(*)..").should().beFreeOfCycles().check(CLASSES);
  }
}
