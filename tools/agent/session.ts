/**
 * An agent's conversation with one client.
 *
 * @module
 */
import { describe, RunError } from "../../common/base/errors.ts";
import { LANES } from "../../common/model/lanes.ts";
import { type Ending, failureOf, ScriptProcess } from "../lib/children.ts";
import { exchangeArguments } from "./lane_arguments.ts";
import { type AgentLimits, refusalOf } from "./limits.ts";
import type { Line, Lines } from "./lines.ts";
import {
  type Answer,
  type EndedAnswer,
  MAX_ANSWER_BYTES,
  PROTOCOL_VERSION,
  type Question,
  readQuestion,
  reason,
  SILENCE_MS,
  type StartQuestion,
} from "./messages.ts";

/** What an agent serves with. */
export interface AgentSettings extends AgentLimits {
  /** Where the lanes' servers listen. */
  hostname: string;
  /** Their port; 0 for free ones. */
  dataPort: number;
  certs: string;
  keyPassphraseFile: string | null;
  /** Longest handshake, and longest silence of a client, in milliseconds. */
  handshakeMs?: number;
  silenceMs?: number;
  /** What this machine's clock shows too much, in microseconds; for tests. */
  clockShiftUs: number;
}

/** What a session needs of its agent. */
export interface SessionHost {
  settings: AgentSettings;
  /** Its clock, in microseconds since the epoch. */
  nowUs: () => number;
  say: (line: string) => void;
}

/** A server that was told to end is killed after so many milliseconds. */
const GRACE_MS = 5000;

/** Answers one client's questions until it ends, and then ends its lane's server. */
export class AgentSession {
  readonly #host: SessionHost;
  readonly #lines: Lines;
  #server: ScriptProcess | null = null;
  /** Resolved when the answer to a lane's end is written, or cannot be. */
  #over: Promise<void> = Promise.resolve();
  /** Why the agent has ended the lane's server. */
  #cutOff: string | null = null;

  constructor(host: SessionHost, lines: Lines) {
    this.#host = host;
    this.#lines = lines;
  }

  /**
   * Resolves when the client has ended in order, and nothing of it is left running.
   *
   * @throws {RunError} saying what was wrong with what it sent
   * @throws what the connection throws
   */
  async run(): Promise<void> {
    try {
      await this.#answer({ say: "welcome", version: PROTOCOL_VERSION });
      const { silenceMs = SILENCE_MS } = this.#host.settings;
      for (let line; (line = await this.#lines.read(silenceMs));) await this.#take(line);
    } finally {
      await this.#endServer();
    }
  }

  async #take(line: Line): Promise<void> {
    const question = await this.#understand(line);
    if (question.ask === "time") {
      const { nowUs } = this.#host;
      const receivedUs = line.atUs;
      await this.#lines.writeLate(() => ({ say: "time", receivedUs, sentUs: nowUs() }));
    } else if (question.ask === "stop") {
      if (this.#server) endInOrder(this.#server);
    } else {
      await this.#start(question);
    }
  }

  async #understand(line: Line): Promise<Question> {
    try {
      return readQuestion(line.value);
    } catch (cause) {
      const why = describe(cause);
      await this.#answer({ say: "refused", why: reason(why) });
      throw new RunError(why, { cause });
    }
  }

  async #start(question: StartQuestion): Promise<void> {
    const { settings, say } = this.#host;
    const lane = LANES.find(({ name }) => name === question.lane)!;
    const why = this.#server ? "a lane is running" : refusalOf(question, lane, settings);
    if (why !== null) return await this.#answer({ say: "refused", why: reason(why) });
    const { certs, keyPassphraseFile } = settings;
    const server = this.#server = new ScriptProcess({
      ...{ lane, role: "server", certs, keyPassphraseFile, results: null },
      args: serverArguments(question, settings),
    });
    this.#cutOff = null;
    say(`${lane.name}${question.resume ? ", resumed" : ""}: started`);
    this.#over = this.#serve(server).catch(() => {
      // The client has gone, which its own reading says.
    });
  }

  async #serve(server: ScriptProcess): Promise<void> {
    const { maxSeconds } = this.#host.settings;
    const timer = setTimeout(() => {
      this.#cutOff = `it took more than ${maxSeconds} seconds (--max-seconds of the agent)`;
      endInOrder(server);
    }, maxSeconds * 1000);
    try {
      const port = await server.port;
      // It may be that nobody hears it: the server is waited for in any case.
      if (port !== null) await this.#answer({ say: "listening", port }).catch(() => {});
      const ending = await server.ended;
      this.#server = null;
      await this.#answer(endedAnswer(ending, this.#cutOff));
    } finally {
      clearTimeout(timer);
    }
  }

  async #endServer(): Promise<void> {
    if (this.#server) endInOrder(this.#server);
    await this.#over;
  }

  #answer(answer: Answer): Promise<void> {
    return this.#lines.write(answer);
  }
}

/** Ends a server so that it keeps what it has measured, and without that where it does not end. */
function endInOrder(server: ScriptProcess): void {
  server.kill("SIGINT");
  const timer = setTimeout(() => server.kill("SIGKILL"), GRACE_MS);
  void server.ended.then(() => clearTimeout(timer));
}

/** The command line of a lane's server: no text of the client's but names of groups. */
function serverArguments(question: StartQuestion, settings: AgentSettings): string[] {
  const { cpu, resume, clockShiftUs } = question;
  return [
    ...["--host", settings.hostname, "--port", String(settings.dataPort)],
    ...["--quiet", "--json", "-"],
    ...[`--clock-shift-us=${clockShiftUs + settings.clockShiftUs}`],
    ...(cpu === undefined ? [] : ["--cpu", String(cpu)]),
    ...(resume ? ["--resume"] : []),
    ...exchangeArguments(question),
  ];
}

/** How a server ended, and what it has printed. */
function endedAnswer(ending: Ending, cutOff: string | null): EndedAnswer {
  const { code, stdout } = ending;
  const why = cutOff ?? (code === 0 ? null : failureOf(ending));
  const answer: EndedAnswer = {
    ...{ say: "ended", code: cutOff === null ? code : 1 },
    ...(why === null ? {} : { why: reason(why) }),
  };
  try {
    const whole = { ...answer, document: JSON.parse(stdout) };
    if (JSON.stringify(whole).length * 3 <= MAX_ANSWER_BYTES) return whole;
    return { ...answer, code: answer.code || 1, why: "its result document is too long" };
  } catch {
    return answer;
  }
}
