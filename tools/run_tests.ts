/**
 * Runs the tests: unit tests in a few modules that import their files, all others a file a module. A
 * module of its own takes a fifth of a second, which is ten times what the tests of most files take.
 *
 *     deno task test [FILE...]
 *     deno task test:unit
 *
 * @module
 */
import { reportError } from "../common/base/errors.ts";
import { join } from "../common/base/std.ts";
import { ROOT } from "./lib/children.ts";

/** Modules of unit tests. */
const GROUPS = 8;

/** Modules at a time. Most of them wait more than they work. */
const JOBS = { unit: 8, all: 6 };

/** Where the modules of unit tests are written. */
const FOLDER = ".tests";

/**
 * What tests start: other implementations, the browser of the report's page, the shells that
 * complete, ssh for push and fetch, what makes two machines of one, and what captures packets.
 */
const PROGRAMS = [
  ...["deno", "openssl", "gnutls-cli", "gnutls-serv", "chromium", "bash", "zsh", "cc", "node"],
  ...["ssh", "scp", "tar", "ssh-keygen", "/usr/sbin/sshd", "mount", "umount"],
  ...["coap-client-openssl", "coap-server-openssl", "coap-client-gnutls", "coap-server-gnutls"],
  "/usr/sbin/rsyslogd",
  ...["unshare", "nsenter", "tshark", "dumpcap", "tcpdump", "editcap", "sslscan"],
];

/** Programs that are there: Deno says of each other one, in every module, that it is not. */
function programsHere(): string[] {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return PROGRAMS.filter((name) =>
    (name.startsWith("/") ? [name] : folders.map((folder) => join(folder, name))).some(isFile)
  );
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function permissions(): string[] {
  return [
    ...["--allow-net", "--allow-read", "--allow-write", "--allow-ffi", "--allow-env"],
    "--allow-sys=hostname,cpus,networkInterfaces,uid",
    `--allow-run=${[Deno.execPath(), ...programsHere()].join()}`,
  ];
}

/** Types are checked by `deno task lint`. */
const OPTIONS = ["--no-check", "--no-prompt", "--preload=common/testing/preload.ts"];

/** Whether a test file starts no programs and tries no whole table. */
function isUnit(path: string): boolean {
  return !/^(tools|examples)[\\/]|_(process|matrix)_test\.ts$|interop\w*_test\.ts$/.test(path);
}

/** All test files, as paths in the project. */
function testFiles(folder = ""): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return name.startsWith(".") ? [] : testFiles(path);
    return name.endsWith("_test.ts") ? [path] : [];
  }).sort();
}

/** Writes modules that import the files, each about as many. */
async function writeGroups(files: readonly string[]): Promise<void> {
  await Deno.mkdir(join(ROOT, FOLDER), { recursive: true });
  for (let group = 0; group < GROUPS; group++) {
    const own = files.filter((_, i) => i % GROUPS === group);
    const text = own.map((file) => `import "../${file.replaceAll("\\", "/")}";\n`).join("");
    await Deno.writeTextFile(join(ROOT, FOLDER, `unit_${group + 1}_test.ts`), text);
  }
}

/**
 * Runs the tests.
 *
 * @returns the exit code
 */
export async function runTests([first, ...rest]: string[]): Promise<number> {
  try {
    const unit = first === "--unit";
    const others = unit || first === undefined ? rest : [first, ...rest];
    const hasFiles = others.some((arg) => !arg.startsWith("-"));
    const what = hasFiles ? ["--doc", ...others] : [...others, ...await everything(unit)];
    const args = ["test", "--parallel", ...OPTIONS, ...permissions(), ...what];
    const env = { DENO_JOBS: String(unit ? JOBS.unit : JOBS.all) };
    return (await new Deno.Command(Deno.execPath(), { args, env, cwd: ROOT }).spawn().status).code;
  } catch (error) {
    return reportError(error);
  } finally {
    // Left behind it would name files that are moved later.
    await Deno.remove(join(ROOT, FOLDER), { recursive: true }).catch(() => {});
  }
}

/** All tests, or all unit tests. */
async function everything(unit: boolean): Promise<string[]> {
  const files = testFiles().filter(isUnit);
  await writeGroups(files);
  // A search of the whole project finds the folder as well.
  return unit ? [FOLDER] : ["--doc", `--ignore=${files.join()}`];
}

if (import.meta.main) Deno.exit(await runTests(Deno.args));
