/**
 * The package in other projects: by path, by URL and as a member of a workspace. Each of them gets
 * just the files that would be published.
 */
import { assert, assertEquals } from "../common/testing/assert.ts";
import { within } from "../common/testing/within.ts";

const ROOT = new URL("../", import.meta.url);

/** How strict another project's TypeScript may be; it holds for what it imports by path, too. */
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

/** Every kind of call, with settings that may be undefined; one connection is really made. */
const PROGRAM = `
import { connectDtls, type ConnectDtlsOptions, listenDtls, type ListenDtlsOptions } from "DTLS";
import { connectTls, type ConnectTlsOptions, listenTls, type ListenTlsOptions } from "TLS";
import { DtlsListenerCore, type DtlsListenerOptions, NOT_YET, TlsContext, TlsSession } from "CORE";

const nothing = undefined;
const psk = { identity: "sensor-7", key: new Uint8Array(32) };
const all = { handshakeTimeoutMs: nothing, signal: nothing, caCerts: nothing, minVersion: nothing };
const client: ConnectDtlsOptions & ConnectTlsOptions = { ...all, port: 4433, psk, session: nothing };
const server: ListenDtlsOptions & ListenTlsOptions = { ...all, port: 0, onError: nothing };
const context = nothing;
export const calls = [
  () => connectDtls({ ...client, context, mtu: nothing }),
  () => connectTls({ ...client, context }),
  () => listenDtls({ ...server, idleTimeoutMs: nothing }),
  () => listenTls(server),
  (shell: ConstructorParameters<typeof DtlsListenerCore>[1], options: DtlsListenerOptions<Deno.NetAddr>) =>
    new DtlsListenerCore(new TlsContext({ role: "server", datagram: true }), shell, { ...options, mtu: nothing }),
];

using tls = new TlsContext({ role: "client", datagram: false, psk });
using session = new TlsSession(tls, { serverName: nothing, session: nothing, mtu: nothing });
if (session.handshake() || session.read(new Uint8Array(9)) !== NOT_YET) throw new Error("too early");

await using listener = listenDtls({ ...server, hostname: "127.0.0.1", pskLookup: () => psk.key });
await using conn = await connectDtls({ ...client, port: listener.addr.port });
await conn.handshake();
console.log(conn.info.pskIdentity);
`;

/** The program of a project that names the library so. */
function program(dtls: string, tls: string, core: string): string {
  return PROGRAM.replace('"DTLS"', `"${dtls}"`).replace('"TLS"', `"${tls}"`)
    .replace('"CORE"', `"${core}"`);
}

const PERMISSIONS = ["--allow-net=127.0.0.1,0.0.0.0", "--allow-ffi"];

/** Runs Deno to its end, and returns what it prints; it has to succeed. */
async function deno(cwd: string, args: string[], env: Record<string, string> = {}) {
  const command = new Deno.Command(Deno.execPath(), { args, cwd, env: { NO_COLOR: "1", ...env } });
  const { code, ...output } = await within(command.output());
  const decoder = new TextDecoder();
  const stderr = decoder.decode(output.stderr);
  assertEquals(code, 0, stderr);
  return { stdout: decoder.decode(output.stdout), stderr };
}

/** Runs with a folder of its own that is gone afterwards. */
async function withFolder(act: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "netpairs-test-" });
  try {
    await act(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function write(dir: string, files: Record<string, string | object>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = `${dir}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, typeof content === "string" ? content : JSON.stringify(content));
  }
}

/** Names of the files that would be published; it refuses a package that lacks a module. */
async function publishedFiles(): Promise<string[]> {
  const args = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
  const { stderr } = await deno(Deno.realPathSync(ROOT), args);
  const listed = [...stderr.matchAll(/^ +(file:.*) \(.*\)$/gm)].map(([, url]) => url!);
  const root = listed.find((url) => url.endsWith("/deno.json"))!.slice(0, -"deno.json".length);
  return listed.map((url) => url.slice(root.length));
}

let published: Promise<string[]> | undefined;

/** Copies what would be published. */
async function copyPackage(to: string): Promise<void> {
  for (const name of await (published ??= publishedFiles())) {
    await write(to, { [name]: await Deno.readTextFile(new URL(name, ROOT)) });
  }
}

Deno.test("the package has the library, its documents, and neither tests nor tools", async () => {
  const files = await (published ??= publishedFiles());
  for (
    const name of [
      "README.md",
      "LICENSE",
      "dtls/mod.ts",
      "tls/mod.ts",
      "docs/security.md",
      "common/secure/core.ts",
    ]
  ) {
    assert(files.includes(name), name);
  }
  const surplus = files.filter((name) => /_test\.ts$|testing|^(tools|certs|examples)\//.test(name));
  assertEquals(surplus, []);
});

Deno.test("the package depends on no other package", async () => {
  for (const name of await (published ??= publishedFiles())) {
    if (!name.endsWith(".ts")) continue;
    const text = await Deno.readTextFile(new URL(name, ROOT));
    const imports = [...text.matchAll(/^(?:import|export|\}) .*?\bfrom "([^".]\S*)";$/gm)];
    assertEquals(imports.map(([, from]) => from!).filter((from) => !/^node:/.test(from)), [], name);
  }
});

Deno.test("the package works by path, where TypeScript is as strict as can be", async () => {
  await withFolder(async (dir) => {
    await copyPackage(`${dir}/netpairs`);
    await write(dir, {
      "app/program.ts": program(
        "../netpairs/dtls/mod.ts",
        "../netpairs/tls/mod.ts",
        "../netpairs/common/secure/core.ts",
      ),
      "app/deno.json": { compilerOptions: STRICT },
    });
    await deno(`${dir}/app`, ["check", "program.ts"]);
  });
});

Deno.test("the package works by URL, without a configuration", async () => {
  await withFolder(async (dir) => {
    await copyPackage(`${dir}/netpairs`);
    const serveFile = async (request: Request) => {
      const file = await Deno.readFile(`${dir}/netpairs${new URL(request.url).pathname}`);
      return new Response(file, { headers: { "content-type": "application/typescript" } });
    };
    const onListen = () => {};
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, serveFile);
    const host = `127.0.0.1:${server.addr.port}`;
    const at = (path: string) => `http://${host}/${path}`;
    const [dtls, tls, core] = [at("dtls/mod.ts"), at("tls/mod.ts"), at("common/secure/core.ts")];
    await write(dir, { "app/program.ts": program(dtls, tls, core) });
    const args = ["run", "--no-prompt", `--allow-import=${host}`, ...PERMISSIONS, "program.ts"];
    const { stdout } = await deno(`${dir}/app`, args, { DENO_DIR: `${dir}/cache` });
    assertEquals(stdout, "sensor-7\n");
  });
});

Deno.test("the package works as a member of a workspace, by its name", async () => {
  await withFolder(async (dir) => {
    await copyPackage(`${dir}/netpairs`);
    await write(dir, {
      "deno.json": { workspace: ["./netpairs", "./app"] },
      "app/deno.json": {},
      "app/program.ts": program(
        "@netpairs/netpairs/dtls",
        "@netpairs/netpairs/tls",
        "@netpairs/netpairs/core",
      ),
    });
    const args = ["run", "--no-prompt", ...PERMISSIONS, "program.ts"];
    const { stdout } = await deno(`${dir}/app`, args);
    assertEquals(stdout, "sensor-7\n");
  });
});
