/**
 * What an agent and its client say to each other: lines of JSON, each read by a table.
 *
 * The agent greets, or says that it is busy. Then the client asks, for the time as often as it likes
 * and for one lane's server at a time. A lane's server listens, and later it ends, by itself or
 * because it is told to. Questions for the time are answered in their order.
 *
 * @module
 */
import { LANES } from "../../common/model/lanes.ts";
import { MAX_CLIENTS, MAX_REPEAT, MAX_SECONDS, RATES } from "../../common/model/plan.ts";
import {
  CONNECT_MODES,
  type ConnectMode,
  HEADER_BYTES,
  SIZE_LIMITS,
} from "../../common/model/protocol.ts";
import { checkVariant, setting, type SettingsTable } from "../../common/settings/check.ts";
import { type Kind, wrongKind, wrongValue } from "../../common/settings/kind.ts";
import { flag, listOf, number, oneOf, text, wholeNumber } from "../../common/settings/kinds.ts";
import { MAX_CORES } from "../../common/posix/affinity.ts";

/** Raised with every change after which one end does not understand the other. */
export const PROTOCOL_VERSION = 1;

/** Where an agent listens, where nothing else is said. */
export const DEFAULT_PORT = 1442;

/** Longest line that a client, or an agent, sends: a plan, or a result document. */
export const MAX_QUESTION_BYTES = 64 * 1024;
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** A client asks for the time so often, and each end takes so long a silence for the other's end. */
export const ALIVE_EVERY_MS = 5000;
export const SILENCE_MS = 30_000;

/** Longest reason, in bytes: cut off where it is longer. */
const MAX_REASON_BYTES = 2000;

const HOUR_MS = 3_600_000;

/** Greatest number that is taken for a time, in microseconds: the year 2096. */
const MAX_EPOCH_US = 4e15;

/** What a lane's server is to do: no more than this reaches the server's command line. */
export interface StartQuestion {
  ask: "start";
  lane: string;
  resume: boolean;
  sizes: readonly number[];
  /** One of these two. */
  repeat?: number | undefined;
  seconds?: number | undefined;
  connect: ConnectMode;
  reply: boolean;
  clients: number;
  waitMs: number;
  /** Messages a second that all clients send together, instead of a pause. */
  rate?: number | undefined;
  /** Key exchange groups. */
  groups?: string | undefined;
  timeoutMs: number;
  /** Sync and spin: core to stay on. */
  cpu?: number | undefined;
  /** What is added to the server's clock where it tells a message's delay, in microseconds. */
  clockShiftUs: number;
}

/** What a client says. */
export type Question = { ask: "time" } | { ask: "stop" } | StartQuestion;

/** What an agent says. */
export type Answer =
  | { say: "welcome"; version: number }
  | { say: "busy" }
  | { say: "time"; receivedUs: number; sentUs: number }
  | { say: "listening"; port: number }
  | { say: "refused"; why: string }
  | EndedAnswer;

/** A lane's server has ended. */
export interface EndedAnswer {
  say: "ended";
  /** Its exit code. */
  code: number;
  /** Why it failed, where it did. */
  why?: string | undefined;
  /** Its result document, where it has made one; what is in it is checked by its reader. */
  document?: object | undefined;
}

const ANY_TIME = wholeNumber(-MAX_EPOCH_US, MAX_EPOCH_US, "microseconds");

/** Names and what stands between them: nothing that a command line would take for something else. */
function groupList(): Kind<string> {
  const kind = text({ what: "a list of names", max: 256 });
  return {
    ...kind,
    read(value) {
      const list = kind.read(value);
      return /^[\w*?][\w:/*?.+-]*$/.test(list)
        ? list
        : wrongValue(kind.allowed, "other characters");
    },
    wrongValues: [...kind.wrongValues, "--cpu", "X25519 P-256", "a\nb"],
  };
}

/** The fields of the question that starts a lane's server. */
export const START: SettingsTable<Omit<StartQuestion, "ask">> = {
  lane: setting(oneOf(LANES.map(({ name }) => name)), "the lane"),
  resume: setting(flag(), "whether sessions are resumed"),
  sizes: setting(
    listOf(wholeNumber(HEADER_BYTES, SIZE_LIMITS.tcp.max, "bytes"), 1),
    "message sizes, in their order",
  ),
  repeat: setting(wholeNumber(1, MAX_REPEAT), "messages of each size", "seconds"),
  seconds: setting(wholeNumber(1, MAX_SECONDS), "seconds for each size", "repeat"),
  connect: setting(oneOf(CONNECT_MODES), "which messages share a connection"),
  reply: setting(flag(), "whether messages are answered"),
  clients: setting(wholeNumber(1, MAX_CLIENTS), "clients at once"),
  waitMs: setting(wholeNumber(0, HOUR_MS, "milliseconds"), "pause between messages"),
  rate: setting(number(RATES.min, RATES.max), "messages a second of all clients", "none"),
  groups: setting(groupList(), "key exchange groups", "the library's"),
  timeoutMs: setting(wholeNumber(1, HOUR_MS, "milliseconds"), "longest wait for one step"),
  cpu: setting(wholeNumber(0, MAX_CORES - 1), "core to stay on", "any"),
  clockShiftUs: setting(ANY_TIME, "added to the server's clock"),
};

const QUESTIONS: { [Ask in Question["ask"]]: object } = { time: {}, stop: {}, start: START };

const WHY = text({ min: 0, max: 4 * MAX_REASON_BYTES });

const DOCUMENT: Kind<object> = {
  allowed: "an object",
  read: (value) =>
    typeof value === "object" && value !== null ? value : wrongKind("an object", value),
  good: [{}],
  wrongKinds: [null, 1, "text", true],
  wrongValues: [],
};

const ANSWERS: { [Say in Answer["say"]]: object } = {
  welcome: { version: setting(wholeNumber(1, 1_000_000), "version of this protocol") },
  busy: {},
  time: {
    receivedUs: setting(ANY_TIME, "when the question came"),
    sentUs: setting(ANY_TIME, "when the answer left"),
  },
  listening: { port: setting(wholeNumber(1, 65_535), "port of the lane's server") },
  refused: { why: setting(WHY, "the reason") },
  ended: {
    code: setting(wholeNumber(0, 255), "exit code"),
    why: setting(WHY, "the reason", "none"),
    document: setting(DOCUMENT, "result document", "none"),
  },
};

const ASK = { ask: setting(oneOf(["time", "stop", "start"]), "what is asked for") };
const SAY = {
  say: setting(
    oneOf(["welcome", "busy", "time", "listening", "refused", "ended"]),
    "what is answered",
  ),
};

/**
 * Reads what a client asks.
 *
 * @throws {TypeError} or {RangeError} naming what does not fit
 */
export function readQuestion(value: unknown): Question {
  const rest = ({ ask }: Pick<Question, "ask">) => QUESTIONS[ask];
  return checkVariant(ASK, rest, value, "read a question") as Question;
}

/**
 * Reads what an agent answers.
 *
 * @throws {TypeError} or {RangeError} naming what does not fit
 */
export function readAnswer(value: unknown): Answer {
  const rest = ({ say }: Pick<Answer, "say">) => ANSWERS[say];
  return checkVariant(SAY, rest, value, "read an answer") as Answer;
}

/** A reason, short enough for every reader. */
export function reason(why: string): string {
  return why.replaceAll("\0", "").toWellFormed().slice(0, MAX_REASON_BYTES);
}
