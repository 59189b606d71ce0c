import { GatewayError } from '../errors/index.js';

/** What `reg export` writes: keys in brackets, values under them. Deletions are no values. */
export interface RegistryKey {
  readonly path: string;
  readonly values: readonly RegistryValue[];
}

export interface RegistryValue {
  /** Empty for the default value of the key. */
  readonly name: string;
  readonly data:
    | { readonly kind: 'number'; readonly number: number }
    | { readonly kind: 'text'; readonly text: string }
    /** REG_BINARY and every type that is not read here. */
    | { readonly kind: 'octets'; readonly count: number }
    | { readonly kind: 'unreadable' };
}

const headers = ['Windows Registry Editor Version 5.00', 'REGEDIT4'];

/** @throws GatewayError `config.invalid` when the text is no exported registry file */
export function parseRegistryFile(text: string): RegistryKey[] {
  const [header = '', ...lines] = logicalLines(text);
  if (!headers.includes(header)) {
    throw new GatewayError('config.invalid', 'This is not an exported registry file', {
      mend: 'export it with: reg export HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP mscep.reg',
    });
  }
  const keys: { path: string; values: RegistryValue[] }[] = [];
  for (const line of lines) {
    const path = /^\[([^-].*)\]$/s.exec(line)?.[1];
    if (path !== undefined) keys.push({ path, values: [] });
    // What follows a deleted key belongs to no key.
    else if (line.startsWith('[')) keys.push({ path: '', values: [] });
    else keys.at(-1)?.values.push(...valuesOf(line));
  }
  return keys;
}

/** Lines without comments and blanks; hexadecimal data that goes on after a backslash is joined. */
function logicalLines(text: string): string[] {
  const joined: string[] = [];
  let open: string | undefined;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    const part = line.trim();
    const continues = part.endsWith('\\') && (open !== undefined || /^[^;].*=hex/.test(part));
    const whole: string = (open ?? '') + (continues ? part.slice(0, -1) : part);
    open = continues ? whole : undefined;
    if (!continues && whole !== '' && !whole.startsWith(';')) joined.push(whole);
  }
  return open === undefined ? joined : [...joined, open];
}

function valuesOf(line: string): RegistryValue[] {
  const match = /^(?:@|"((?:\\.|[^"\\])*)")\s*=\s*(.*)$/s.exec(line);
  if (match === null) return [];
  const [, name = '', data = ''] = match;
  return data === '-' ? [] : [{ name: unescaped(name), data: dataOf(data) }];
}

function dataOf(data: string): RegistryValue['data'] {
  const dword = /^dword:([0-9a-f]{1,8})$/i.exec(data)?.[1];
  if (dword !== undefined) return { kind: 'number', number: parseInt(dword, 16) };
  const text = /^"((?:\\.|[^"\\])*)"$/s.exec(data)?.[1];
  if (text !== undefined) return { kind: 'text', text: unescaped(text) };
  const hex = /^hex(?:\(([0-9a-f]+)\))?:([0-9a-f, ]*)$/i.exec(data);
  if (hex === null) return { kind: 'unreadable' };
  return octetsOf(Buffer.from((hex[2] ?? '').replace(/[, ]/g, ''), 'hex'), hex[1]);
}

/** REG_SZ (1), REG_EXPAND_SZ (2) and REG_MULTI_SZ (7) as UTF-16LE, REG_DWORD (4), REG_QWORD (b). */
function octetsOf(octets: Buffer, type = '3'): RegistryValue['data'] {
  if (['1', '2', '7'].includes(type)) {
    const text = octets.toString('utf16le').replace(/\0+$/, '').replaceAll('\0', ', ');
    return { kind: 'text', text };
  }
  if (type === '4' && octets.length === 4) return { kind: 'number', number: octets.readUInt32LE() };
  if (type.toLowerCase() === 'b' && octets.length === 8) {
    return { kind: 'number', number: Number(octets.readBigUInt64LE()) };
  }
  return { kind: 'octets', count: octets.length };
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, '$1');
}
