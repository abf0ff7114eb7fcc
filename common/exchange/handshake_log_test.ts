import { assertEquals } from "../testing/assert.ts";
import type { HandshakeMessage } from "../model/handshake_message.ts";
import { HandshakeLog, MAX_HANDSHAKES_KEPT } from "./handshake_log.ts";

function message(change: Partial<HandshakeMessage> = {}): HandshakeMessage {
  return {
    ...{ us: 0, direction: "sent", kind: "handshake", name: "ClientHello", bytes: 100 },
    ...{ epoch: null, messageSeq: null, fragment: null, retransmission: false },
    ...change,
  };
}

/** One connection from its beginning to its end. */
function connects(log: HandshakeLog, session: number, resumed = false): void {
  log.note(message(), session);
  log.begins(session, 0);
  log.completed(session, resumed);
  log.carries(session, session - 1);
  log.ended(session);
}

Deno.test("HandshakeLog tells sessions apart, whatever comes first", () => {
  const log = new HandshakeLog();
  log.begins(1, 7);
  log.note(message({ name: "ServerHello" }), 2);
  log.note(message(), 1);
  log.begins(2, 8);
  log.completed(2, true);
  log.completed(1, false);
  log.carries(1, 5);
  log.carries(1, 6);
  log.note(message({ name: "NewSessionTicket" }), 1);
  const told = log.handshakes().map(({ events, ...rest }) => ({
    ...rest,
    names: events.map(({ name }) => name),
  }));
  assertEquals(told, [
    { client: 8, no: null, resumed: true, names: ["ServerHello"] },
    { client: 7, no: 5, resumed: false, names: ["ClientHello", "NewSessionTicket"] },
  ]);
  assertEquals(log.cutFrom, null);
});

Deno.test("HandshakeLog keeps the first record of data each way, and what ends the connection", () => {
  const log = new HandshakeLog();
  const data = message({ kind: "application_data", name: "ApplicationData" });
  for (let i = 0; i < 1000; i++) {
    log.note(data, 1);
    log.note({ ...data, direction: "received" }, 1);
  }
  log.note(message({ kind: "alert", name: "close_notify" }), 1);
  const [{ events } = { events: [] }] = log.handshakes();
  const told = events.map(({ direction, name }) => `${direction} ${name}`);
  assertEquals(told, ["sent ApplicationData", "received ApplicationData", "sent close_notify"]);
});

Deno.test("HandshakeLog keeps the first handshakes, and the first resumed one", () => {
  const log = new HandshakeLog();
  const many = MAX_HANDSHAKES_KEPT + 10;
  for (let session = 1; session <= many; session++) connects(log, session);
  connects(log, many + 1, true);
  connects(log, many + 2, true);
  const kept = log.handshakes();
  assertEquals(kept.length, MAX_HANDSHAKES_KEPT + 1);
  assertEquals(kept.at(-1)!.no, many);
  assertEquals(kept.filter(({ resumed }) => resumed).length, 1);
  assertEquals(log.cutFrom, many + 2);
});

Deno.test("HandshakeLog keeps a handshake that failed, and one that is under way", () => {
  const log = new HandshakeLog();
  log.note(message(), 1);
  log.ended(1);
  log.note(message({ name: "ServerHello" }), 2);
  const names = log.handshakes().map(({ events }) => events[0]!.name);
  assertEquals(names, ["ClientHello", "ServerHello"]);
});

Deno.test("HandshakeLog keeps a complete handshake after many that failed", () => {
  const log = new HandshakeLog();
  const strangers = MAX_HANDSHAKES_KEPT + 5;
  for (let session = 1; session <= strangers; session++) {
    log.note(message(), session);
    log.begins(session, null);
    log.ended(session);
  }
  for (let session = strangers + 1; session <= strangers + 3; session++) connects(log, session);
  const kept = log.handshakes();
  assertEquals(kept.length, MAX_HANDSHAKES_KEPT + 1);
  assertEquals(kept.map(({ no }) => no).filter((no) => no !== null), [strangers]);
  assertEquals(log.cutFrom, strangers + 3);
});
