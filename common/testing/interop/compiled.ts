/**
 * C programs that are compiled when a test begins.
 *
 * @module
 */
import { join } from "../../base/std.ts";
import { findProgram, ORIGINS } from "../programs.ts";

/** A program that was compiled, or what is missing for it. */
export type Compiled = { command: readonly string[]; missing: null } | {
  command: null;
  missing: string;
};

/**
 * Compiles a C file of this folder; what was made is gone when the process ends.
 *
 * @param file such as "mbedtls_peer.c"
 * @param libraries such as "mbedtls"
 * @param origin where the libraries come from, such as "apt install libmbedtls-dev"
 * @throws {Error} where the compiler finds a fault in the file
 */
export function compiled(file: string, libraries: readonly string[], origin: string): Compiled {
  // Tests may start the compiler and bash, not whatever lies in a temporary folder.
  for (const program of ["cc", "bash"] as const) {
    if (!findProgram(program)) return { command: null, missing: ORIGINS[program] };
  }
  const dir = Deno.makeTempDirSync({ prefix: "netpairs-test-" });
  addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
  const path = join(dir, file.replace(/\.c$/, ""));
  const { code, stderr } = new Deno.Command("cc", {
    args: [
      ...["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o", path],
      ...[join(import.meta.dirname!, file), ...libraries.map((library) => `-l${library}`)],
    ],
  }).outputSync();
  const says = new TextDecoder().decode(stderr);
  if (code === 0) return { command: ["bash", "-c", 'exec "$0" "$@"', path], missing: null };
  if (/\.h: No such file|cannot find -l/.test(says)) {
    return { command: null, missing: origin };
  }
  throw new Error(`Cannot compile ${file}: ${says}`);
}
