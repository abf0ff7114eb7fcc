/**
 * What keeps lanes from being measured on this machine, each reason said once.
 *
 * @module
 */
import { ensureCertificates } from "../../certs/generate.ts";
import { readHolding } from "../../certs/store.ts";
import { describe } from "../../common/base/errors.ts";
import { type Lane, LANES } from "../../common/model/lanes.ts";
import { loadOpenSsl } from "../../common/openssl/bindings/library.ts";
import { loadLibc } from "../../common/posix/libc.ts";
import { say } from "../../common/base/say.ts";

/** What a benchmark is made of, besides the language. */
export type Need = "processes" | "libc" | "OpenSSL";

/** What the benchmark's clients call its servers. */
export const BENCH_NAMES = ["127.0.0.1"];

const HOW = "deno task bench has them all";

const found = new Map<Need, string | null>();

/** Why there is no such thing here; null where there is. */
export function whyNot(need: Need): string | null {
  let why = found.get(need);
  if (why === undefined) found.set(need, why = look(need));
  return why;
}

/**
 * The lanes that cannot be measured; the reasons are printed.
 *
 * @param certs folder of the certificates
 */
export async function whyNotAll(certs: string): Promise<ReadonlySet<Lane>> {
  const lanes = new Map<string, Lane[]>();
  const unfit = await whyNotCertificates(certs);
  for (const lane of LANES) {
    const why = needsOf(lane).map(whyNot).find((why) => why !== null) ??
      (lane.engine === null ? null : unfit);
    if (why) lanes.set(why, [...lanes.get(why) ?? [], lane]);
  }
  for (const [why, without] of lanes) {
    const names = without.length === LANES.length
      ? "all lanes"
      : without.map(({ name }) => name).join(", ");
    say(`skipped: ${names}: ${why}`);
  }
  return new Set([...lanes.values()].flat());
}

/** Why the certificates that are there will not do; where there are none, some will be made. */
async function whyNotCertificates(dir: string): Promise<string | null> {
  try {
    if ((await readHolding(dir)).owner === "none") return null;
    await ensureCertificates({ dir, neededNames: BENCH_NAMES, onlyCheck: true });
    return null;
  } catch (error) {
    return describe(error);
  }
}

/** The variable's value, where it may be read. */
export function readVariable(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

function needsOf({ io, engine }: Lane): Need[] {
  const needs: Need[] = ["processes"];
  if (io !== "async") needs.push("libc");
  if (engine === "openssl") needs.push("OpenSSL");
  return needs;
}

function look(need: Need): string | null {
  if (need === "processes") {
    const wanted = [
      ["run", { name: "run", command: Deno.execPath() }],
      ["net", { name: "net", host: "127.0.0.1" }],
    ] as const;
    const denied = wanted.find(([, permission]) => !mayUse(permission));
    return denied ? `--allow-${denied[0]} is missing; ${HOW}` : null;
  }
  if (!mayUse({ name: "ffi" })) return `--allow-ffi is missing; ${HOW}`;
  try {
    if (need === "libc") loadLibc();
    else loadOpenSsl();
    return null;
  } catch (error) {
    return describe(error);
  }
}

/** On a terminal Deno asks for what was not granted, when it is used. */
function mayUse(permission: Deno.PermissionDescriptor): boolean {
  const { state } = Deno.permissions.querySync(permission);
  return state === "granted" || (state === "prompt" && Deno.stdin.isTerminal());
}
