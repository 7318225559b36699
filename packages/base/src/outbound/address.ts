// Which addresses requests that a manifest asks for may go to. A name is resolved once, every address is judged, and the connection goes
// to a judged address: a second answer of the name server cannot lead it elsewhere.
import { BlockList, isIP } from "node:net";

export interface OutboundPolicy {
  /** Loopback and private addresses may be called. Link-local and metadata addresses never, unless allowed by name. */
  readonly allowPrivate: boolean;
  /** Addresses or CIDR ranges that may be called whatever they are. */
  readonly allowAddresses: readonly string[];
}

export const defaultOutboundPolicy: OutboundPolicy = { allowPrivate: true, allowAddresses: [] };

const blocked = (rows: readonly (readonly [network: string, prefix: number])[]): BlockList => {
  const list = new BlockList();
  for (const [network, prefix] of rows)
    list.addSubnet(network, prefix, isIP(network) === 6 ? "ipv6" : "ipv4");
  return list;
};

/** Link-local, cloud metadata, and what is no unicast address. */
const never = blocked([
  ["169.254.0.0", 16],
  ["100.100.100.200", 32],
  ["192.0.0.192", 32],
  ["168.63.129.16", 32],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["fe80::", 10],
  ["fd00:ec2::", 32],
  ["ff00::", 8],
]);

/** This machine and private networks. */
const local = blocked([
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["::", 127],
  ["fc00::", 7],
]);

/** IPv4 in IPv6 forms (mapped, NAT64, 6to4) as the IPv4 address that would be reached. */
function plainAddress(address: string): string {
  const bare = address.split("%")[0] ?? address;
  const text = isIP(bare) === 6 ? new URL(`http://[${bare}]/`).hostname.slice(1, -1) : bare;
  const hex =
    /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(text) ??
    /^2002:([0-9a-f]{1,4}):([0-9a-f]{1,4}):/.exec(text);
  if (hex === null) return text;
  const [high, low] = [Number.parseInt(hex[1] ?? "0", 16), Number.parseInt(hex[2] ?? "0", 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

function allowList(rows: readonly string[]): BlockList {
  const list = new BlockList();
  for (const row of rows) {
    const [network = "", prefix] = row.split("/");
    const family = isIP(network) === 6 ? "ipv6" : "ipv4";
    if (isIP(network) === 0) continue;
    if (prefix === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(prefix), family);
  }
  return list;
}

/** Why this address must not be called, or undefined when it may. */
export function refusalOf(address: string, policy: OutboundPolicy): string | undefined {
  const plain = plainAddress(address);
  const family = isIP(plain) === 6 ? "ipv6" : "ipv4";
  if (isIP(plain) === 0) return "it is not an IP address";
  if (allowList(policy.allowAddresses).check(plain, family)) return undefined;
  if (never.check(plain, family)) return "link-local, metadata and multicast addresses are refused";
  if (!policy.allowPrivate && local.check(plain, family)) return "private addresses are refused here";
  return undefined;
}
