import { assert, assertEquals } from "../../common/testing/assert.ts";
import { mirrorOf } from "./apt.ts";
import { packagesOf, SUITES, versionIn, VERSIONS } from "./suites.ts";

Deno.test("versionIn() reads the version of a package's file name", () => {
  const files = ["libssl3t64_3.6.5-1_amd64.deb", "libssl4_1%3a4.0.3-1~deb13u1_arm64.deb"];
  assertEquals(versionIn(files, "libssl3t64"), "3.6.5");
  assertEquals(versionIn(files, "libssl4"), "4.0.3");
  assertEquals(versionIn(files, "libssl"), null);
  assertEquals(versionIn([], "libssl4"), null);
});

Deno.test("packagesOf() has the library first", () => {
  for (const version of VERSIONS) {
    assertEquals(packagesOf(SUITES[version])[0], SUITES[version].library);
  }
});

Deno.test("mirrorOf() takes the first archive of Debian, and no other one", () => {
  const others = [
    "https://one.example/debian-security",
    "cdrom:/debian",
    "https://a.example/ubuntu",
  ];
  assertEquals(
    mirrorOf([...others, "http://b.example/debian/", "http://c.example/debian"]),
    "http://b.example/debian/",
  );
  assertEquals(mirrorOf(others), null);
  assert(mirrorOf([""]) === null);
});
