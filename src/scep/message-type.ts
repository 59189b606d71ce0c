/** messageType (RFC 8894 §3.2.1.2): decimal text on the wire. Values we do not know stay data. */
const wireValues = {
  CertRep: '3',
  RenewalReq: '17',
  UpdateReq: '18',
  PKCSReq: '19',
  CertPoll: '20',
  GetCert: '21',
  GetCRL: '22',
} as const;

export type MessageTypeName = keyof typeof wireValues;

export type MessageType =
  { readonly kind: MessageTypeName } | { readonly kind: 'unknown'; readonly raw: string };

export function messageTypeFromWire(text: string): MessageType {
  const value = text.trim();
  const name = names.get(value);
  return name === undefined ? { kind: 'unknown', raw: value } : { kind: name };
}

export function messageTypeToWire(name: MessageTypeName): string {
  return wireValues[name];
}

/** "PKCSReq (19)", or `"99"` for a value nobody defined: for texts people read. */
export function describeMessageType(type: MessageType): string {
  return type.kind === 'unknown'
    ? JSON.stringify(type.raw.slice(0, 20))
    : `${type.kind} (${wireValues[type.kind]})`;
}

const names: ReadonlyMap<string, MessageTypeName> = new Map(
  (Object.keys(wireValues) as MessageTypeName[]).map((name) => [wireValues[name], name]),
);
