/**
 * Where the two machines of common/testing/namespaces/ are. The addresses are for documentation (RFC
 * 5737, RFC 3849); each machine is in a network of its own, and reaches the other by the router.
 *
 * @module
 */

/** One of the machines. */
export type Machine = "client" | "server";

/** Version of the Internet protocol. */
export type IpVersion = "IPv4" | "IPv6";

/** The server's are names of the test certificates "wrongName", which so are right ones there. */
export const ADDRESSES: Readonly<Record<Machine, Record<IpVersion, string>>> = {
  client: { IPv4: "198.51.100.1", IPv6: "2001:db8:1::1" },
  server: { IPv4: "192.0.2.1", IPv6: "2001:db8::1" },
};
