/**
 * Where the servers of the lanes run: here, or on another machine.
 *
 * @module
 */
import type { AgentClient } from "../agent/client.ts";
import type { LaneServer } from "../agent/lane_arguments.ts";
import { type Ending, ScriptProcess, type ScriptSettings } from "../lib/children.ts";
import type { JoinedClock } from "./join.ts";

/** How a lane's server ended. */
export interface ServerEnding extends Ending {
  /** Of its machine; absent where that is this one. */
  clock?: JoinedClock;
}

/** A lane's server, wherever it runs. */
export interface RunningServer {
  /** The port it listens on; null where it ended before it listened. */
  readonly port: Promise<number | null>;
  /** Resolves when it has ended. */
  readonly ended: Promise<ServerEnding>;
  /** Sends a signal, unless it has ended. */
  kill(signal: Deno.Signal): void;
}

/** Starts servers. */
export interface Servers {
  /** Whether they run on this machine, too. */
  readonly areHere: boolean;
  /** Why no more of them can be started; null while they can. */
  readonly failure: string | null;
  /**
   * Starts one.
   *
   * @param script how it is started as a script of this machine
   * @param lane what it is to do, wherever it runs
   */
  start(script: ScriptSettings, lane: LaneServer): RunningServer;
}

/** Servers on this machine. */
export const SERVERS_HERE: Servers = {
  areHere: true,
  failure: null,
  start: (script) => new ScriptProcess(script),
};

/** Servers on an agent's machine. */
export function serversOf(agent: AgentClient): Servers {
  return {
    areHere: false,
    get failure() {
      return agent.failure;
    },
    start(_script, lane) {
      const server = agent.start(lane);
      const ended = server.ended.then(({ offset, shiftUs, ...ending }) => ({
        ...ending,
        clock: { offset, shiftUs },
      }));
      return { port: server.port, ended, kill: (signal) => server.kill(signal) };
    },
  };
}
