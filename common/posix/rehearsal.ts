/**
 * Makes the calls of a blocking exchange before its first message.
 *
 * V8 calls C at full speed only out of code that it has optimized fully, which it does of a
 * function after some 3000 calls; before that each call costs half a microsecond more. A run of
 * a few thousand messages would measure little else.
 *
 * @module
 */
import { StepTimer } from "../clock.ts";
import { NOT_YET, type Patience, PosixSocket } from "./socket.ts";

/** V8's --invocation-count-for-turbofan, and what it takes until the code is there. */
export const REHEARSALS = 4000;

/** So many messages go from the socket to itself before it only asks. */
const MESSAGES = 100;

/** Rehearses sockets and clock: some ten milliseconds, on a socket of its own. */
export function rehearseSockets(patience: Patience): void {
  using socket = PosixSocket.open("datagram", "127.0.0.1", patience);
  socket.bind("127.0.0.1", 0);
  const { address } = socket;
  const bytes = new Uint8Array(64);
  const timer = new StepTimer();
  for (let i = 0; i < REHEARSALS; i++) {
    timer.start();
    // What nobody receives is dropped by the system.
    socket.send(bytes, false, address);
    timer.mark(0);
    if (i < MESSAGES) { while (socket.receive(bytes, false, true) === NOT_YET); }
  }
  while (socket.receive(bytes, false, true) !== NOT_YET);
  socket.connect(address);
  for (let i = 0; i < REHEARSALS; i++) {
    if (i < MESSAGES) socket.send(bytes, true);
    timer.mark(1);
    socket.receive(bytes, i < MESSAGES);
  }
}
