import { RunError } from "../common/errors.ts";
import { join } from "../common/std.ts";
import { assertEquals, assertRejects } from "../common/testing/assert.ts";
import { loadCredentials } from "./node_credentials.ts";
import { certificates } from "./testing.ts";

/** Runs with the server's files in a directory of their own, some of them changed. */
async function withFiles(
  changes: Record<string, string>,
  act: (dir: string) => Promise<void>,
): Promise<void> {
  const { ca, server } = await certificates("good");
  const files = { "ca.pem": ca, "server-cert.pem": server.cert, "server-key.pem": server.key };
  const dir = await Deno.makeTempDir({ prefix: "netpairs-tls-" });
  try {
    for (const [name, text] of Object.entries({ ...files, ...changes })) {
      await Deno.writeTextFile(join(dir, name), text);
    }
    await act(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("loadCredentials() takes a bundle of authorities apart", async () => {
  const [good, stranger] = [await certificates("good"), await certificates("stranger")];
  const bundle = `two of them\n${good.ca}\n${stranger.ca}`;
  await withFiles({ "ca.pem": bundle }, async (dir) => {
    const { ca, cert, key } = await loadCredentials(dir, "server");
    assertEquals(ca, [good.ca.trim(), stranger.ca.trim()]);
    assertEquals([cert, key], [good.server.cert, good.server.key]);
  });
});

const { client, server } = await certificates("good");
const BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

for (
  const [name, text, what] of [
    ["ca.pem", "", "not a certificate in PEM"],
    ["ca.pem", BROKEN, "not a certificate in PEM"],
    ["ca.pem", server.key, "not a certificate in PEM"],
    ["server-cert.pem", "garbage", "not a certificate in PEM"],
    ["server-cert.pem", server.key, "not a certificate in PEM"],
    ["server-cert.pem", client.cert, null],
    ["server-key.pem", "garbage", "not a private key in PEM"],
    ["server-key.pem", server.cert, "not a private key in PEM"],
    ["server-key.pem", client.key, null],
  ] as const
) {
  Deno.test(`loadCredentials() refuses ${name} with ${text.slice(0, 27) || "nothing"} in it`, async () => {
    await withFiles({ [name]: text }, async (dir) => {
      const [file, why] = what === null
        ? ["server-key.pem", "not the private key of server-cert.pem"]
        : [name, what];
      const mend = "make certificates with: deno task certs";
      const line = `cannot use ${join(dir, file)}: ${why}; ${mend}`;
      const error = await assertRejects(() => loadCredentials(dir, "server"), RunError);
      assertEquals(error.message, line);
    });
  });
}

Deno.test("loadCredentials() names the file that is missing", async () => {
  await withFiles({}, async (dir) => {
    await Deno.remove(join(dir, "server-key.pem"));
    await assertRejects(() => loadCredentials(dir, "server"), RunError, "server-key.pem");
  });
});
