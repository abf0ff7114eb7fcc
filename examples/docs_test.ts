/** What the documents show, tried; blocks that need no files are run by `deno test --doc`. */
import { generateCertificates } from "../certs/generate.ts";
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { within } from "../common/testing/within.ts";

const ROOT = new URL("../", import.meta.url);

/** The documents that users and contributors read. */
const DOCUMENTS = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"],
  ...[...Deno.readDirSync(new URL("docs", ROOT))].map(({ name }) => `docs/${name}`),
].filter((name) => name.endsWith(".md"));

function read(name: string): string {
  return Deno.readTextFileSync(new URL(name, ROOT));
}

/** The programs of docs/library.md that `deno test --doc` does not run, with a free port. */
function programs(): string[] {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  const blocks = [...read("docs/library.md").matchAll(/```ts ignore\n(.*?)```/gs)];
  const library = new URL("dtls/mod.ts", ROOT).href;
  return blocks.map(([, block]) =>
    block!.replace("netpairs/dtls", library).replaceAll(/443[34]/g, `${port}`)
  );
}

/** Runs with a folder of its own, which holds certificates and these programs. */
async function withPrograms(
  blocks: string[],
  act: (dir: string, start: (i: number, permissions: string[]) => Deno.Command) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "netpairs-test-" });
  try {
    for (const [i, block] of blocks.entries()) {
      await Deno.writeTextFile(`${dir}/program_${i}.ts`, block);
    }
    await act(dir, (i, permissions) =>
      new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--no-prompt",
          "--allow-net",
          "--allow-ffi",
          ...permissions,
          `program_${i}.ts`,
        ],
        cwd: dir,
        stdout: "piped",
        stderr: "piped",
      }));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function outputOf(command: Deno.Command) {
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Until the server is there, a client is refused. */
async function outputOnceServed(client: Deno.Command) {
  for (;;) {
    const output = await outputOf(client);
    if (!output.stderr.includes("ConnectionRefused")) return output;
  }
}

Deno.test("docs/library.md's server and client work outside the project, with just their permissions", async () => {
  const [server, client] = programs();
  await withPrograms([server!, client!], async (dir, start) => {
    const { ca, ...ends } = await generateCertificates();
    await Deno.mkdir(`${dir}/certs/pem`, { recursive: true });
    await Deno.writeTextFile(`${dir}/certs/pem/ca.pem`, ca);
    for (const [end, files] of Object.entries(ends)) {
      for (const [kind, text] of Object.entries(files)) {
        await Deno.writeTextFile(`${dir}/certs/pem/${end}-${kind}.pem`, text);
      }
    }
    const serving = start(0, ["--allow-read=certs/pem"]).spawn();
    const client = start(1, ["--allow-read=certs/pem"]);
    const { code, stdout, stderr } = await within(outputOnceServed(client));
    serving.kill("SIGTERM");
    await serving.output();
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /^hello\nDTLSv1\.[23] \S+ CN=.*server/);
  });
});

Deno.test("docs/library.md's program with a key keeps its session in a file, and resumes it", async () => {
  const [, , program, ...more] = programs();
  assertEquals(more.length, 0);
  await withPrograms([program!], async (_, start) => {
    const { code, stdout, stderr } = await within(
      outputOf(start(0, ["--allow-read=.", "--allow-write=."])),
    );
    assertEquals(code, 0, stderr);
    assertEquals(stdout, "true sensor-7\n");
  });
});

Deno.test("the documents name tasks that there are", () => {
  const { tasks } = JSON.parse(read("deno.json"));
  for (const name of DOCUMENTS) {
    for (const [, task] of read(name).matchAll(/(?:deno|deno@[\d.]+) task ([a-z:]+)/g)) {
      assert(task! in tasks, `${name}: there is no task ${task}`);
    }
  }
});

Deno.test("the documents link to files that there are", async () => {
  for (const name of DOCUMENTS) {
    for (const [, path] of read(name).matchAll(/\]\(([^):#]+)\)/g)) {
      const target = new URL(path!, new URL(name, ROOT));
      const found = await Deno.stat(target).catch(() => null);
      assert(found !== null, `${name}: there is no ${path}`);
    }
  }
});

Deno.test("docs/comparison.md names a test for each feature that this library has", () => {
  const rows = read("docs/comparison.md").split("\n").filter((line) => /^\| [^*-]/.test(line));
  const own = rows.slice(1).map((row) => row.split("|").slice(1, 3).map((cell) => cell.trim()));
  assert(own.length > 20);
  for (const [feature, cell] of own) {
    assertMatch(cell!, /^no(:|$)|^with .* untested$|_test\.ts\)/, feature);
  }
});

Deno.test("README shows the two commands on its first screen, and is short", () => {
  const lines = read("README.md").split("\n");
  for (const task of ["demo", "test"]) {
    const at = lines.findIndex((line) =>
      /^ {4}npx -y deno@[\d.]+ task (\w+)$/.exec(line)?.[1] === task
    );
    assert(at >= 0 && at < 25, `the command of task ${task} stands in line ${at + 1}`);
  }
  assert(lines.length <= 130, `${lines.length} lines`);
});
