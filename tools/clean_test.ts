import { ensureCertificates } from "../certs/generate.ts";
import { listing, snapshot, writeOwnCertificates } from "../common/testing/own_certificates.ts";
import { assertEquals } from "../common/testing/assert.ts";
import { join } from "../common/base/std.ts";
import { ROOT } from "./lib/children.ts";

/** Runs clean on a folder. */
async function clean(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write"],
      ...[join(ROOT, "tools", "clean.ts"), ...args],
    ],
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

const MADE = [
  "dist/tcp-client",
  "results/2026-01-31T12-00-00.000Z/result.json",
  "results/2026-01-31T12-00-00.000Z-2/result.json",
  ".libssl/3.5/root/etc/passwd",
  "results/2026-01-31T12-00-00.000Z-tcp-sync.pcapng",
];
const KEPT = [
  ...["certs/generate.ts", "certs/ca.pem", "certs/server-key.pem", "dist/notes.txt"],
  "tcp/client.ts",
];

async function makeTree(): Promise<string> {
  const root = await Deno.makeTempDir({ prefix: "netpairs-clean-" });
  for (const file of [...MADE, ...KEPT]) {
    await Deno.mkdir(join(root, file, ".."), { recursive: true });
    await Deno.writeTextFile(join(root, file), "");
  }
  await ensureCertificates({ dir: join(root, "certs/pem") });
  return root;
}

/** What was made in certs/pem. */
const CERTIFICATES = [
  ...["ca.pem", "client-cert.pem", "client-key.pem", "made-by-netpairs.json", "server-cert.pem"],
  "server-key.pem",
];

function exists(path: string): Promise<boolean> {
  return Deno.lstat(path).then(() => true, () => false);
}

Deno.test("clean removes what was made, lists it, and touches nothing else", async () => {
  const root = await makeTree();
  const { code, stdout, stderr } = await clean("--root", root);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(
    stdout.trim().split("\n"),
    [
      ...["dist/tcp-client", "results/2026-01-31T12-00-00.000Z"],
      ...["results/2026-01-31T12-00-00.000Z-2"],
      ...["results/2026-01-31T12-00-00.000Z-tcp-sync.pcapng", "results"],
      ...CERTIFICATES.map((name) => `certs/pem/${name}`),
      ...["certs/pem", ".libssl/3.5", ".libssl"],
    ].map((path) => join(root, path)),
  );
  for (const file of MADE) assertEquals(await exists(join(root, file)), false, file);
  for (const file of KEPT) assertEquals(await exists(join(root, file)), true, file);
  await Deno.remove(root, { recursive: true });
});

Deno.test("clean leaves a user's own certificates, among made ones and alone", async () => {
  const root = await makeTree();
  const dir = join(root, "certs/pem");
  await Deno.writeTextFile(join(dir, "server-key.pem"), "mine");
  await Deno.writeTextFile(join(dir, "own.pem"), "mine");
  await clean("--root", root);
  assertEquals(listing(dir), ["own.pem", "server-key.pem"]);
  await writeOwnCertificates(dir);
  const before = await snapshot(dir);
  const { code, stdout } = await clean("--root", root);
  assertEquals([code, stdout], [0, ""]);
  assertEquals(await snapshot(dir), before);
  await Deno.remove(root, { recursive: true });
});

Deno.test("clean --dry-run lists the same and removes nothing", async () => {
  const root = await makeTree();
  const { stdout } = await clean("--root", root, "--dry-run");
  for (const file of [...MADE, ...KEPT]) assertEquals(await exists(join(root, file)), true, file);
  assertEquals((await clean("--root", root)).stdout, stdout);
  await Deno.remove(root, { recursive: true });
});

Deno.test("clean refuses unknown options with exit code 2", async () => {
  const { code, stderr } = await clean("--everything");
  assertEquals(code, 2);
  assertEquals(
    stderr,
    'error: unknown option "--everything"; --help lists what is allowed\n',
  );
});
