/** The library in another project: its own settings for TypeScript apply to what it imports, too. */
import { join, toFileUrl } from "../common/base/std.ts";
import { assertEquals } from "../common/testing/assert.ts";
import { ROOT } from "./lib/children.ts";

const PROGRAM = `
import { connectDtls, type ConnectDtlsOptions, listenDtls, type ListenDtlsOptions } from "DTLS";
import { connectTls, type ConnectTlsOptions, listenTls, type ListenTlsOptions } from "TLS";

const nothing = undefined;
const psk = { identity: "sensor-7", key: new Uint8Array(32) };
const all = { handshakeTimeoutMs: nothing, signal: nothing, caCerts: nothing, minVersion: nothing };
const client: ConnectDtlsOptions & ConnectTlsOptions = { ...all, port: 4433, psk, session: nothing };
const pskLookup = () => psk.key;
const server: ListenDtlsOptions & ListenTlsOptions = { ...all, port: 0, pskLookup, onError: nothing };
const context = nothing;
export const calls = [
  () => connectDtls({ ...client, context, mtu: nothing }),
  () => connectTls({ ...client, context }),
  () => listenDtls({ ...server, idleTimeoutMs: nothing }),
  () => listenTls(server),
];
`;

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noPropertyAccessFromIndexSignature: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
};

Deno.test("dtls/mod.ts and tls/mod.ts compile in another project, however strict", async () => {
  const dir = await Deno.makeTempDir({ prefix: "netpairs-test-" });
  try {
    const library = (folder: string) => toFileUrl(join(ROOT, folder, "mod.ts")).href;
    const program = PROGRAM.replace("DTLS", library("dtls")).replace("TLS", library("tls"));
    await Deno.writeTextFile(join(dir, "program.ts"), program);
    await Deno.writeTextFile(join(dir, "deno.json"), JSON.stringify({ compilerOptions: STRICT }));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "program.ts"],
      cwd: dir,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
