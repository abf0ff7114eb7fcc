import { RunError } from "../../common/base/errors.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../common/testing/assert.ts";
import { testCertificates, textsOf } from "../../common/testing/certs.ts";
import { folderWith } from "../../common/testing/folder.ts";
import { certificates, executables, thisProgram } from "./parcel.ts";

Deno.test("certificates() takes one end's files and no key beside them", async () => {
  const set = await testCertificates();
  await using folder = await folderWith({ ...textsOf(set), "ca-key.pem": set.server.key });
  assertEquals((await certificates(folder.dir, "server")).names, [
    ...["ca.pem", "server-cert.pem", "server-key.pem"],
  ]);
  assertEquals((await certificates(folder.dir, "client")).names, [
    ...["ca.pem", "client-cert.pem", "client-key.pem"],
  ]);
});

for (const name of ["ca.pem", "server-cert.pem"]) {
  Deno.test(`certificates() refuses a private key in ${name}`, async () => {
    const set = await testCertificates();
    const texts = textsOf(set);
    texts[name] += set.server.key;
    await using folder = await folderWith(texts);
    const { message } = await assertRejects(() => certificates(folder.dir, "server"), RunError);
    assertMatch(message, new RegExp(`/${name} has a private key in it`));
  });
}

Deno.test("certificates() says which file is missing, and what makes it", async () => {
  const { "client-key.pem": _, ...texts } = textsOf(await testCertificates());
  await using folder = await folderWith(texts);
  const { message } = await assertRejects(() => certificates(folder.dir, "client"), RunError);
  assertEquals(
    message,
    `cannot read ${folder.path("client-key.pem")}: no such file; make certificates with: ` +
      "deno task certs --name HOST",
  );
});

Deno.test("executables() refuses what is none, is missing, or has another one's name", async () => {
  await using folder = await folderWith({ "a/prog": "", "b/prog": "", "text": "" });
  const [a, b] = [folder.path("a/prog"), folder.path("b/prog")];
  for (const path of [a, b]) await Deno.chmod(path, 0o755);
  const wrong: Record<string, string[]> = {
    "two executables are called prog": [a, b],
    [`${folder.path("a")} is no executable file`]: [folder.path("a")],
    [`${folder.path("text")} is no executable file`]: [folder.path("text")],
    [`cannot read ${folder.path("c")}: no such file`]: [folder.path("c")],
  };
  for (const [message, paths] of Object.entries(wrong)) {
    assertEquals((await assertRejects(() => executables(paths), RunError)).message, message);
  }
});

Deno.test("thisProgram() is its own executable where it is compiled, and its sources else", async () => {
  const [compiled] = await thisProgram(true);
  assertEquals(`${compiled!.folder}/${compiled!.names[0]}`, Deno.execPath());
  const [own] = await thisProgram(false);
  const { names } = own!;
  for (const name of ["deno.json", "dtls/client.ts", "common/pem/der.ts", "certs/profile.yaml"]) {
    assert(names.includes(name), name);
  }
  assertEquals(names.filter((name) => /_test\.ts$|\/testing\/|^certs\/pem/.test(name)), []);
});
