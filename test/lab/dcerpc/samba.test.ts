/**
 * Our transport judged by Samba: its endpoint mapper, and its samr interface over TCP, sealed.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  connectRpc,
  endpointMapperPort,
  kerberosSignIn,
  NdrReader,
  NdrWriter,
  ntlmSignIn,
  spnegoNtlmSignIn,
  tcpPort,
  type RpcConnection,
  type RpcSignIn,
  type SyntaxId,
} from '../../../src/dcerpc/index.js';
import { openKerberos } from '../../../src/kerberos/index.js';
import { describeInLab, labFile } from '../in-lab.js';

const samr: SyntaxId = { uuid: '12345778-1234-abcd-ef00-0123456789ac', major: 1, minor: 0 };
const certPassage: SyntaxId = {
  uuid: '91ae6020-9e3c-11cf-8d7c-00aa00c091be',
  major: 0,
  minor: 0,
};

const host = 'dc1.lab.test';
const account = { user: 'svc-scep', domain: 'LAB', password: 'Scep-Passw0rd!' };
const options = { targetName: 'host/dc1.lab.test' };
const limits = { connectMillis: 5_000, answerMillis: 10_000 };
const endpointMapper = { host, port: endpointMapperPort, limits };

const mechanisms: readonly (readonly [string, () => Promise<RpcSignIn>])[] = [
  ['NTLM', () => Promise.resolve(ntlmSignIn(account, options))],
  ['NTLM in SPNEGO', () => Promise.resolve(spnegoNtlmSignIn(account, options))],
  ['Kerberos', () => kerberos('host/dc1.lab.test')],
];

async function kerberos(spn: string): Promise<RpcSignIn> {
  const library = await openKerberos();
  const keytab = labFile('svc-scep.keytab');
  const credentials = library.initiators({
    kind: 'keytab',
    keytab,
    principal: 'svc-scep@LAB.TEST',
  });
  open.push(credentials);
  return kerberosSignIn((target) => credentials.create(target), spn);
}

async function signedIn(abstract: SyntaxId, signIn: RpcSignIn): Promise<RpcConnection> {
  const signal = AbortSignal.timeout(30_000);
  const port = await tcpPort(abstract, { ...endpointMapper, signal });
  const connection = await connectRpc({
    ...{ host, port, limits, signal },
    ...{ interface: abstract, signIn },
  });
  open.push(connection);
  return connection;
}

const open: { close(): void }[] = [];
afterEach(() => {
  for (const it of open.splice(0)) it.close();
});

async function answer(connection: RpcConnection, opnum: number, stub: Buffer): Promise<NdrReader> {
  const answered = await connection.call(opnum, stub);
  if (answered.kind === 'fault') throw new Error(`fault ${answered.status.toString(16)}`);
  return new NdrReader(answered.stub);
}

describeInLab('DCE/RPC against Samba', () => {
  test('the endpoint mapper knows samr, and no CA', async () => {
    const signal = AbortSignal.timeout(30_000);
    expect(await tcpPort(samr, { ...endpointMapper, signal })).toBeGreaterThan(1024);
    await expect(tcpPort(certPassage, { ...endpointMapper, signal })).rejects.toMatchObject({
      code: 'rpc.not-registered',
      detail: 'the endpoint mapper says 0x16c9a0d6',
    });
  });

  describe.each(mechanisms)('%s', (_, signIn) => {
    test('several sealed calls in one connection', async () => {
      const connection = await signedIn(samr, await signIn());
      const connect = new NdrWriter().referent().wideString(host).uint32(0x30).finish();
      const connected = await answer(connection, samrConnect2, connect);
      const handle = connected.octets(20);
      expect(connected.uint32()).toBe(0);
      const enumerate = new NdrWriter().octets(handle).uint32(0).uint32(0xffff).finish();
      const domains = await answer(connection, samrEnumerateDomains, enumerate);
      const names = domains.octets(domains.remaining).toString('utf16le');
      expect(names).toContain('LAB');
      expect(names).toContain('BUILTIN');
    });

    test('a request and an answer of many fragments', async () => {
      const connection = await signedIn(samr, await signIn());
      const connect = new NdrWriter().referent().wideString('x'.repeat(30_001)).uint32(0x30);
      const connected = await answer(connection, samrConnect2, connect.finish());
      const server = connected.octets(20);
      expect(connected.uint32()).toBe(0);
      const openBuiltin = new NdrWriter().octets(server).uint32(0x0200_0000).uint32(1);
      const opened = await answer(
        connection,
        samrOpenDomain,
        openBuiltin.octets(builtinSid).finish(),
      );
      const domain = opened.octets(20);
      expect(opened.uint32()).toBe(0);
      const names = Array.from({ length: 1000 }, (_unused, at) => `nobody-${at}`);
      names[999] = 'Administrators';
      const looked = await answer(connection, samrLookupNames, lookup(domain, names));
      expect([looked.uint32(), looked.pointer(), looked.uint32()]).toEqual([1000, true, 1000]);
      const relativeIds = Array.from({ length: 1000 }, () => looked.uint32());
      expect(new Set(relativeIds.slice(0, 999))).toEqual(new Set([0]));
      expect(relativeIds[999]).toBe(544);
    });

    test('a call that the interface does not have never runs', async () => {
      const connection = await signedIn(samr, await signIn());
      expect(await connection.call(200, Buffer.alloc(0))).toEqual({
        kind: 'fault',
        status: 0x1c010002,
        neverRan: true,
      });
    });
  });

  test('a wrong password without an answer of its own shows with the first call', async () => {
    const wrong = { ...account, user: 'wrong-password-1' };
    const connection = await signedIn(samr, ntlmSignIn(wrong, options));
    expect(await connection.call(samrConnect2, Buffer.alloc(8))).toEqual({
      kind: 'fault',
      status: 0x1c01000b,
      neverRan: true,
    });
  });

  test('a wrong password in SPNEGO is refused at once', async () => {
    const wrong = { ...account, user: 'wrong-password-1' };
    await expect(signedIn(samr, spnegoNtlmSignIn(wrong, options))).rejects.toMatchObject({
      code: 'rpc.sign-in-refused',
      detail: 'fault 0x00000721',
    });
  });

  test('Kerberos for another service is refused', async () => {
    await expect(signedIn(samr, await kerberos('HTTP/ca1.lab.test'))).rejects.toMatchObject({
      code: 'rpc.bind-refused',
      detail: 'reason 0',
    });
  });
});

const samrConnect2 = 57;
const samrEnumerateDomains = 6;
const samrOpenDomain = 7;
const samrLookupNames = 17;

/** S-1-5-32. */
const builtinSid = Buffer.from('010100000000000520000000', 'hex');

/** The array is of a thousand names always, of which `names` come. */
function lookup(domain: Buffer, names: readonly string[]): Buffer {
  const writer = new NdrWriter().octets(domain).uint32(names.length);
  writer.uint32(1000).uint32(0).uint32(names.length);
  for (const name of names) writer.uint32((name.length * 2 * 0x1_0001) >>> 0).referent();
  for (const name of names) {
    writer.uint32(name.length).uint32(0).uint32(name.length).octets(Buffer.from(name, 'utf16le'));
  }
  return writer.finish();
}
