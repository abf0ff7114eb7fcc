/**
 * From what a user has named to addresses: names are looked up, once for a whole run, as that costs
 * milliseconds.
 *
 * @module
 */
import dns from "node:dns/promises";
import { asPeer, type Host, isLinkLocal, parseHost } from "../base/addresses.ts";
import { AddressError } from "../base/errors.ts";
import { noInterface } from "../base/network_errors.ts";
import { setupStep } from "../base/setup_steps.ts";

/**
 * All addresses of a server, in the order in which a client tries them.
 *
 * @param hostname what the client was told
 * @throws {RangeError} where it is neither a name nor an address
 * @throws {AddressError} where the name is unknown, or the interface of an address
 */
export function serverAddresses(hostname: unknown = "127.0.0.1"): Promise<string[]> {
  return lookUp(asPeer(parseHost(hostname, "hostname")));
}

/**
 * Where a listener listens: a name is looked up by the system.
 *
 * @throws {RangeError} where it is neither a name nor an address
 * @throws {AddressError} where the interface of an address is unknown
 */
export function listenHost(hostname: unknown = "0.0.0.0"): string {
  const host = parseHost(hostname, "hostname");
  checkZone(host);
  return host.text;
}

/** The address that a server listens on; throws as {@linkcode serverAddresses}. */
export async function listenAddress(hostname: unknown): Promise<string> {
  return (await lookUp(parseHost(hostname, "hostname")))[0]!;
}

/** At least one address, each once; those that are on one link alone have a zone. */
async function lookUp(host: Host): Promise<string[]> {
  checkZone(host);
  return host.kind === "name" ? await lookUpName(host.text) : [host.text];
}

/** Addresses with a zone that the system has made sense of: each connection would ask again. */
const known = new Set<string>();

/** An address that is good on one link alone means nothing without that link. */
function checkZone({ text, zone }: Host): void {
  if (zone === undefined) {
    if (!isLinkLocal(text)) return;
    throw new AddressError(
      `cannot use ${text}: a link-local address wants its interface, as in ${text}%eth0`,
    );
  }
  if (known.has(text)) return;
  checkInterface(text, zone);
  known.add(text);
}

async function lookUpName(name: string): Promise<string[]> {
  try {
    const found = await setupStep("lookup", () => dns.lookup(name, { all: true }));
    return [...new Set(found.map(({ address }) => address))];
  } catch (cause) {
    const { code } = cause as { code?: string };
    // Deno's answer of getaddrinfo(3) where the name is not among those that --allow-net names.
    if (code === "EPERM") {
      throw new Deno.errors.NotCapable(
        `Requires net access to "${name}", run again with the --allow-net flag`,
        { cause },
      );
    }
    // The machine's own table (hosts(5)) knows no name by its absolute form.
    if (name.endsWith(".")) return await lookUpName(name.slice(0, -1));
    throw new AddressError(`cannot look up ${name}: the name is unknown`, { cause });
  }
}

/** Says which interfaces there are only where a program may ask for them. */
function checkInterface(address: string, zone: string): void {
  if (!isRefused(address)) return;
  const permission = { name: "sys", kind: "networkInterfaces" } as const;
  const mayAsk = Deno.permissions.querySync(permission).state === "granted";
  throw noInterface(zone, mayAsk ? Deno.networkInterfaces().map(({ name }) => name) : []);
}

/** Whether the system cannot make sense of an address: where it can, it is no matter whose it is. */
function isRefused(hostname: string): boolean {
  if (Deno.permissions.querySync({ name: "net" }).state !== "granted") return false;
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return false;
  } catch (error) {
    // Such as EADDRNOTAVAIL, of another machine's; an interface that is not there has none.
    return (error as { code?: string }).code === undefined;
  }
}
