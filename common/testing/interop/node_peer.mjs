/**
 * A client or a server with node:tls, for the interop tests: its command line and what it says are
 * those of peer.h.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { connect, createServer } from "node:tls";

const [, , role, version, port, localPort, connections, ciphers, kind, ...rest] = process.argv;

function say(line) {
  process.stdout.write(`${line}\n`);
}

function credentials() {
  const common = {
    minVersion: version,
    maxVersion: version,
    ...ciphers === "-" ? {} : { ciphers },
  };
  if (kind === "cert") {
    const [cert, key, ca] = rest.map((path) => readFileSync(path));
    return { ...common, cert, key, ca, requestCert: true, rejectUnauthorized: true };
  }
  const [identity, hex] = rest;
  const psk = Buffer.from(hex, "hex");
  return {
    ...common,
    // Of a server it is asked with a connection and an identity, of a client with a hint.
    pskCallback: (_, asked) =>
      role === "client" ? { identity, psk } : asked === identity ? psk : null,
    checkServerIdentity: () => undefined,
  };
}

/** The connection that a line on stdin ends. */
let current = null;

/** Sends back what comes. */
function echo(socket) {
  current = socket;
  say("connected");
  socket.on("data", (bytes) => socket.write(bytes));
  socket.on("end", () => say("peer closed"));
}

function onError(error) {
  say(`refused ${error.code ?? error.message}`);
}

function serve() {
  const server = createServer(credentials(), (socket) => {
    socket.on("error", () => {});
    echo(socket);
  });
  server.on("tlsClientError", onError);
  server.listen({ port: Number(port), host: "127.0.0.1" }, () => {
    say(`listening ${server.address().port}`);
  });
}

function connectTimes(left, session) {
  if (left === 0) return process.exit(0);
  const socket = connect({
    ...credentials(),
    ...{ host: "127.0.0.1", port: Number(port), session },
    ...Number(localPort) ? { localPort: Number(localPort) } : {},
  });
  let ticket = session;
  socket.on("session", (latest) => ticket = latest);
  socket.on("secureConnect", () => echo(socket));
  socket.on("error", onError);
  socket.on("close", () => connectTimes(left - 1, ticket));
}

process.stdin.on("data", () => {
  current.end();
  say("closed");
});
process.stdin.on("end", () => process.exit(0));

if (role === "server") serve();
else connectTimes(Number(connections));
