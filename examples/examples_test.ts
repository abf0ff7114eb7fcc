/** Every example, run to its end with just the permissions that its first comment names. */
import { assert, assertEquals, assertMatch } from "../common/testing/assert.ts";
import { within } from "../common/testing/within.ts";
import { main as coap } from "./coap.ts";
import { main as core } from "./core.ts";
import { main as dtlsEcho } from "./dtls_echo.ts";
import { main as fingerprint } from "./fingerprint.ts";
import { main as hue } from "./hue.ts";
import { main as mutualAuthentication } from "./mutual_authentication.ts";
import { main as psk } from "./psk.ts";
import { main as resumption } from "./resumption.ts";
import { main as syslogForwarder } from "./syslog_forwarder.ts";
import { main as tlsStream } from "./tls_stream.ts";

const HERE = import.meta.dirname!;

/** What each example does, and every line that it prints. */
const EXAMPLES: Record<string, [() => Promise<void>, RegExp[]]> = {
  coap: [coap, [
    /^temperature: 21\.5$/,
    /^humidity: not found$/,
  ]],
  core: [core, [
    /^DTLSv1\.[23], sent again: true$/,
    ...Array<RegExp>(4).fill(/^arrived: reading [1-6]$/),
  ]],
  dtls_echo: [dtlsEcho, [
    /^the server answers: hello$/,
    /^the server answers: again$/,
    /^DTLSv1\.[23], \S+, certificate of CN=.*server/,
  ]],
  fingerprint: [fingerprint, [
    /^both fingerprints are right, and the server receives: hello$/,
    /certificate has the fingerprint sha-256 \S{95}, and peerFingerprints asks for sha-256 \S{95}$/,
  ]],
  hue: [hue, [
    /^HueStream, 73 bytes, a lamp 00ffff00000000$/,
    /^HueStream, 73 bytes, a lamp 00800000000000$/,
  ]],
  mutual_authentication: [mutualAuthentication, [
    /^the (client has verified .*server|server has verified .*client)/,
    /^the (client has verified .*server|server has verified .*client)/,
    /^the server refuses a client: .*peer did not return a certificate$/,
    /^a client without a certificate is told: .*certificate required$/,
  ]],
  psk: [psk, [
    /^sensor-7 reports 21\.5 \(\S*PSK\S*\)$/,
    /^the server refuses a client: .*psk identity not found$/,
    /^a client with an unknown identity is told: .*unknown psk identity$/,
  ]],
  resumption: [resumption, [
    /^first: resumed false, \d{4} bytes from the server$/,
    /^second: resumed true, \d{3} bytes from the server$/,
  ]],
  syslog_forwarder: [syslogForwarder, [
    /^CN=netpairs client,O=netpairs logs: 31 <14>1 - host app - - - it works$/,
  ]],
  tls_stream: [tlsStream, [
    /^the server answers: ONE TWO THREE$/,
    /^TLSv1\.3, \S+, capitals\/1$/,
  ]],
};

/** The command in an example's first comment. */
function commandOf(name: string): string[] {
  const text = Deno.readTextFileSync(`${HERE}/${name}.ts`);
  return /^ \* {5}deno (run .*)$/m.exec(text)![1]!.split(" ");
}

/** Runs an example in this process, and keeps what it prints. */
async function linesOf(main: () => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...parts: unknown[]) => void lines.push(parts.join(" "));
  try {
    await within(main());
  } finally {
    console.log = log;
  }
  return lines;
}

function assertLines(lines: string[], wanted: RegExp[]): void {
  assertEquals(lines.length, wanted.length, lines.join("\n"));
  for (const [i, line] of lines.entries()) assertMatch(line, wanted[i]!);
}

for (const [name, [main, wanted]] of Object.entries(EXAMPLES)) {
  const [, ...args] = commandOf(name);
  const file = args.pop();
  Deno.test({
    name: `${file} does what it shows, with ${args.join(" ")}`,
    permissions: permissionsIn(args),
    fn: async () => assertLines(await linesOf(main), wanted),
  });
}

/** What the options of a command allow, and nothing else. */
function permissionsIn(args: string[]): Deno.PermissionOptions {
  const allowed: Record<string, true | string[]> = {};
  for (const arg of args) {
    const [, name, list] = /^--allow-([a-z]+)(?:=(.*))?$/.exec(arg)!;
    allowed[name!] = list?.split(",") ?? true;
  }
  return allowed;
}

Deno.test("every example has less than 40 lines of code", () => {
  for (const name of Object.keys(EXAMPLES)) {
    const lines = Deno.readTextFileSync(`${HERE}/${name}.ts`).split("\n");
    const code = lines.filter((line) => !/^\s*($|\/\/|\/\*|\*)/.test(line));
    assert(code.length < 40, `${name}.ts has ${code.length}`);
  }
});

Deno.test("every example is tried here, and has the command that starts it", () => {
  const files = [...Deno.readDirSync(HERE)].map(({ name }) => name);
  const examples = files.filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts"));
  assertEquals(examples.sort(), Object.keys(EXAMPLES).map((name) => `${name}.ts`).sort());
  for (const name of Object.keys(EXAMPLES)) {
    assertEquals(commandOf(name).at(-1), `examples/${name}.ts`);
  }
});

Deno.test("examples/psk.ts works as a program of its own, as its first comment says", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: commandOf("psk"),
    cwd: `${HERE}/..`,
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  assertLines(new TextDecoder().decode(stdout).trim().split("\n"), EXAMPLES["psk"]![1]);
});
