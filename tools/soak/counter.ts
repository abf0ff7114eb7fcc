/**
 * Counts what OpenSSL has allocated and not freed, by functions in C that it is told to use.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { print } from "../../common/base/output.ts";
import { join } from "../../common/base/std.ts";
import { libraryNames, toCString } from "../../common/openssl/bindings/library.ts";
import { ROOT } from "../lib/children.ts";

/** Of counter.c. */
const COUNTER = {
  // int count_allocations_of(const char *libssl);
  count_allocations_of: { parameters: ["buffer"], result: "i32" },
  // double allocations(void);
  allocations: { parameters: [], result: "f64" },
  // double allocated_bytes(void);
  allocated_bytes: { parameters: [], result: "f64" },
  // void allocating_places(char *text, size_t length);
  allocating_places: { parameters: ["buffer", "usize"], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The counter as a shared library, until it is disposed of. */
export interface CounterFile extends Disposable {
  readonly path: string;
}

/** Where it is made. */
const FOLDER = join(ROOT, "results");

/**
 * Compiles the counter.
 *
 * @returns the file, or in words why there is none
 * @throws {RunError} where the compiler finds a fault in it
 */
export function compileCounter(): CounterFile | string {
  if (Deno.build.os === "windows") return "OpenSSL's allocations cannot be counted on Windows";
  Deno.mkdirSync(FOLDER, { recursive: true });
  const dir = Deno.makeTempDirSync({ dir: FOLDER, prefix: "counter-" });
  using made = new DisposableStack();
  made.defer(() => Deno.removeSync(dir, { recursive: true }));
  const path = join(dir, "counter.so");
  const args = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-fvisibility=hidden"];
  const source = join(import.meta.dirname!, "counter.c");
  try {
    const { success, stderr } = new Deno.Command("cc", { args: [...args, "-o", path, source] })
      .outputSync();
    if (!success) {
      throw new RunError(`cannot compile counter.c: ${new TextDecoder().decode(stderr)}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "OpenSSL's allocations are not counted: there is no C compiler, cc " +
      "(apt install gcc libc6-dev)";
  }
  const kept = made.move();
  return { path, [Symbol.dispose]: () => kept.dispose() };
}

/** What is said of a run without one. */
export const NOT_COUNTED = "blocks of OpenSSL's, which were not counted";

/** Compiles the counter, or prints why there is none, for a run that goes on without. */
export function compileCounterOrSayWhy(): CounterFile | null {
  const file = compileCounter();
  if (typeof file !== "string") return file;
  print(`${file}\n`);
  return null;
}

/** What OpenSSL has allocated and not freed, in the process that this is made in. */
export class AllocationCounter {
  readonly #symbols: Deno.DynamicLibrary<typeof COUNTER>["symbols"];

  /**
   * @param path of a {@linkcode CounterFile}
   * @throws {RunError} where OpenSSL has allocated already
   */
  constructor(path: string) {
    // Never closed: OpenSSL goes on calling it.
    this.#symbols = Deno.dlopen(path, COUNTER).symbols;
    const { count_allocations_of: count } = this.#symbols;
    if (libraryNames().some((name) => count(toCString(name)) === 1)) return;
    throw new RunError(
      "OpenSSL's allocations cannot be counted: it is not there, or in use already",
    );
  }

  /** How many blocks. */
  get blocks(): number {
    return this.#symbols.allocations();
  }

  get bytes(): number {
    return this.#symbols.allocated_bytes();
  }

  /** How many blocks each place has that allocates, by file and line. */
  places(): Map<string, number> {
    const text = new Uint8Array(2 ** 20);
    this.#symbols.allocating_places(text, BigInt(text.length));
    const lines = new TextDecoder().decode(text.subarray(0, text.indexOf(0))).split("\n");
    const found = new Map<string, number>();
    for (const line of lines.slice(0, -1)) {
      const [, blocks, place] = /^(\d+) (.*)$/.exec(line)!;
      found.set(place!, (found.get(place!) ?? 0) + Number(blocks));
    }
    return found;
  }
}
