/**
 * The plan: which message sizes are sent, how often, and how.
 *
 * @module
 */
import { UsageError } from "../base/errors.ts";
import { CONNECT_MODES, type ConnectMode, type Protocol, SIZE_LIMITS } from "./protocol.ts";
import { readYaml, refuseUnknownKeys } from "../settings/yaml.ts";

/** What a run exchanges. */
export interface Plan {
  /** Message sizes in bytes, in the order in which they are sent. */
  readonly sizes: readonly number[];
  /** Messages per size, where `seconds` is not there. */
  readonly repeat: number;
  /** Seconds for which messages of each size are sent, instead of a number of them. */
  readonly seconds?: number;
}

/** The settings a plan file may hold besides; the command line's options count more. */
export interface PlanFile extends Partial<Plan> {
  connect?: ConnectMode;
  reply?: boolean;
  waitMs?: number;
  rate?: number;
}

/**
 * Highest number of messages of one size: the header has five digits for the index. Where messages
 * are sent for a time, it begins again at 0 after so many.
 */
export const MAX_REPEAT = 100_000;

/** Most clients at once: on the event loop, and where one thread asks each socket in turn. */
export const MAX_CLIENTS = 10_000;
export const MAX_BLOCKING_CLIENTS = 1000;

/** Longest time for the messages of one size: an hour. */
export const MAX_SECONDS = 3600;

/**
 * Fewest and most messages a second of all clients: servers wait a minute for the next one, and no
 * lane here sends a million.
 */
export const RATES = { min: 0.1, max: 1_000_000 } as const;

// The sizes of the original programs, in their order.
// deno-fmt-ignore
const FULL_SIZES = [
  100, 10200, 16384, 6388, 6390, 7000, 5000, 2200, 4400, 8800, 10100,
  302, 503, 704, 905, 1106, 2208, 4409, 8801, 10300, 10010, 999,
];

/** The built-in plan: 22 sizes, 100 messages each. */
export const FULL_PLAN: Plan = { sizes: FULL_SIZES, repeat: 100 };

/** The small plan for a quick look. */
export const QUICK_PLAN: Plan = { sizes: [16384, 100], repeat: 100 };

/**
 * Reads the settings out of a plan file.
 *
 * @param text the YAML text
 * @param file its name, for the error's line
 * @throws {UsageError} naming file and line, where it is not YAML or has an unknown key, or file and
 * key, where a value is wrong
 *
 * @example
 * ```ts
 * const plan = parsePlan("sizes: [100, 999]\nrepeat: 10", "small.yaml");
 * if (plan.repeat !== 10) throw new Error("repeat was not read");
 * ```
 */
export function parsePlan(text: string, file: string): PlanFile {
  const value = readYaml(text, `plan ${file}`);
  if (Object.prototype.toString.call(value) !== "[object Object]") {
    throw new UsageError(`plan ${file}: keys with values are wanted, such as "sizes: [100, 999]"`);
  }
  refuseUnknownKeys(text, value, KEYS, `plan ${file}`);
  const plan: PlanFile = {};
  for (const [key, found] of Object.entries(value as object)) {
    const check = KEYS[key]!;
    if (!check.accepts(found)) {
      throw new UsageError(`plan ${file}: key "${key}": ${check.wanted} is wanted`);
    }
    Object.assign(plan, { [key]: found });
  }
  for (const [one, other] of EXCLUSIVE) {
    if (plan[one] === undefined || plan[other] === undefined) continue;
    throw new UsageError(`plan ${file}: keys "${one}" and "${other}": only one of them`);
  }
  return plan;
}

/**
 * Checks that a protocol can carry every message of a plan, and that numbers tell them apart.
 *
 * @throws {UsageError} naming the size and what is allowed
 */
export function checkPlan(plan: Plan, protocol: Protocol): void {
  const { min, max, reason } = SIZE_LIMITS[protocol];
  for (const size of plan.sizes) {
    if (size < min) {
      throw new UsageError(`size ${size}: at least ${min} bytes, the length of the header`);
    }
    if (size > max) {
      throw new UsageError(
        `size ${size}: at most ${max} bytes on ${protocol.toUpperCase()}, as ${reason}`,
      );
    }
    // A size's numbers begin again where it comes again: without a count it is not known where.
    if (plan.seconds !== undefined && plan.sizes.indexOf(size) !== plan.sizes.lastIndexOf(size)) {
      throw new UsageError(`size ${size}: with a number of seconds each size may stand there once`);
    }
  }
}

/** Each says what the other does not. */
const EXCLUSIVE = [["repeat", "seconds"], ["waitMs", "rate"]] as const;

function isCount(value: unknown, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

const KEYS: Readonly<Record<string, { wanted: string; accepts(value: unknown): boolean }>> = {
  sizes: {
    wanted: "a list of at least one size in whole bytes",
    accepts: (value) =>
      Array.isArray(value) && value.length > 0 &&
      value.every((size) => isCount(size, 1, Number.MAX_SAFE_INTEGER)),
  },
  repeat: {
    wanted: `a whole number from 1 to ${MAX_REPEAT}`,
    accepts: (value) => isCount(value, 1, MAX_REPEAT),
  },
  seconds: {
    wanted: `a whole number from 1 to ${MAX_SECONDS}`,
    accepts: (value) => isCount(value, 1, MAX_SECONDS),
  },
  connect: {
    wanted: "message, size or once",
    accepts: (value) => CONNECT_MODES.some((mode) => mode === value),
  },
  reply: { wanted: "true or false", accepts: (value) => typeof value === "boolean" },
  waitMs: {
    wanted: "a whole number of milliseconds up to 3600000",
    accepts: (value) => isCount(value, 0, 3_600_000),
  },
  rate: {
    wanted: `a number from ${RATES.min} to ${RATES.max}`,
    accepts: (value) => typeof value === "number" && value >= RATES.min && value <= RATES.max,
  },
};
