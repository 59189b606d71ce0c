/** NTLM on both sides, SPNEGO, keytabs, names of the directory. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readAccountEntry } from '../../src/directory/account-entry.js';
import { parseDirectoryName } from '../../src/directory/directory-name.js';
import { keytabPrincipals } from '../../src/kerberos/keytab.js';
import { encodeAvPairs, parseAvPairs } from '../../src/ntlm/av-pairs.js';
import {
  createNtlmClient,
  createNtlmServer,
  ntHash,
  readNtlmToken,
  wrapChallenge,
} from '../../src/ntlm/index.js';
import { channelBindingHash, tlsServerEndPoint } from '../../src/ntlm/channel-binding/index.js';
import { encodeInit, encodeResponse, parseResponse } from '../../src/dcerpc/spnego.js';
import { certificateExamples } from '../examples.js';
import { mutateDer } from '../mutators/der.js';
import { mutateOctets } from '../mutators/octets.js';
import { textMutator } from '../mutators/text.js';
import { agree, type Target } from '../target.js';

const vectors = z
  .object({ challengeMessage: z.string(), authenticateMessage: z.string(), targetInfo: z.string() })
  .parse(JSON.parse(readFileSync('fixtures/ntlm/ms-nlmp-4.2.4.json', 'utf8')));
const clock = () => new Date('2026-01-01T12:00:00Z');
const credentials = { user: 'svc', domain: 'LAB', password: 'a password' };
const fixed = (octets: number) => Buffer.alloc(octets, 7);
const ntlmOid = '1.3.6.1.4.1.311.2.2.10';
const nobody = ntHash('another password');

function sides() {
  const server = createNtlmServer({ host: 'scep.corp.example', clock, random: fixed });
  const client = createNtlmClient(credentials, { clock, random: fixed, targetName: 'HTTP/a' });
  return { server, client };
}

export const targets: readonly Target[] = [
  {
    name: 'ntlm-negotiate',
    about: 'the first message of an NTLM sign-in, before anybody is known',
    prepare: () => {
      const { server, client } = sides();
      return {
        seeds: [client.negotiate()],
        mutate: mutateOctets,
        refuses: ['ntlm.malformed'],
        run: (input) => {
          const { message } = server.challenge(input);
          if (message.length > 2048) throw new Error('a long challenge');
          return 'challenged';
        },
      };
    },
  },
  {
    name: 'ntlm-authenticate',
    about: 'the last message: read, and never proved without the password',
    prepare: () => {
      const { server, client } = sides();
      const handshake = server.challenge(client.negotiate());
      const { message } = client.authenticate(handshake.message);
      return {
        seeds: [message, Buffer.from(vectors.authenticateMessage, 'hex')],
        mutate: mutateOctets,
        refuses: ['ntlm.malformed'],
        run: (input) => {
          const claim = handshake.claim(input);
          const verdict = claim.judge({
            ntHash: nobody,
            micRequired: true,
            channel: { kind: 'plain' },
          });
          agree('without the password', verdict.kind, 'refused');
          return verdict.kind === 'refused' ? verdict.fault : 'proved';
        },
      };
    },
  },
  {
    name: 'ntlm-challenge',
    about: 'what a server behind us answers',
    prepare: () => {
      const { server, client } = sides();
      return {
        seeds: [
          server.challenge(client.negotiate()).message,
          Buffer.from(vectors.challengeMessage, 'hex'),
        ],
        mutate: mutateOctets,
        refuses: ['ntlm.malformed'],
        run: (input) => {
          const { session } = client.authenticate(input);
          return session === undefined ? 'no session' : 'session';
        },
      };
    },
  },
  {
    name: 'ntlm-av-pairs',
    about: 'TargetInfo, written again as it was',
    prepare: () => ({
      seeds: [Buffer.from(vectors.targetInfo, 'hex')],
      mutate: mutateOctets,
      refuses: ['ntlm.malformed'],
      run: (input) => {
        const pairs = parseAvPairs(input);
        const written = encodeAvPairs(pairs);
        agree(
          'written',
          written.toString('hex'),
          input.subarray(0, written.length - 2).toString('hex') +
            written.subarray(-2).toString('hex'),
        );
        return `${Math.min(pairs.length, 4)} pairs`;
      },
    }),
  },
  {
    name: 'spnego',
    about: 'Negotiate tokens: of clients, and of RPC servers',
    prepare: () => {
      const { server, client } = sides();
      const negotiate = client.negotiate();
      return {
        seeds: [
          negotiate,
          encodeInit(ntlmOid, negotiate),
          encodeResponse(negotiate, fixed(16)),
          wrapChallenge(server.challenge(negotiate).message),
        ],
        mutate: mutateDer,
        refuses: ['rpc.malformed'],
        run: (input) => {
          const token = readNtlmToken(input);
          if (token !== undefined) return `${token.wrapping} ${token.type ?? 'other'}`;
          return parseResponse(input).state;
        },
      };
    },
  },
  {
    name: 'channel-binding',
    about: 'tls-server-end-point of whatever certificate',
    prepare: async () => ({
      seeds: (await certificateExamples()).map(({ der }) => der),
      mutate: mutateDer,
      refuses: [],
      run: (input) => {
        const binding = tlsServerEndPoint(input);
        return binding === undefined ? 'none' : `${channelBindingHash(binding).length} octets`;
      },
    }),
  },
  {
    name: 'keytab',
    about: 'keytabs of MIT Kerberos, as given by the configuration',
    prepare: () => ({
      seeds: [keytab],
      mutate: mutateOctets,
      refuses: [],
      run: (input) => {
        const principals = keytabPrincipals(input);
        return principals === undefined ? 'none' : `${Math.min(principals.length, 3)} principals`;
      },
    }),
  },
  {
    name: 'directory-name',
    about:
      'user names at a sign-in: those that reach an LDAP bind or search have no special character',
    prepare: () => ({
      seeds: ['corp\\user', 'user@corp.example', 'User', 'user@CORP'].map((text) =>
        Buffer.from(text),
      ),
      mutate: textMutator(['\\', '@', '*', '(', ')', 'corp', 'corp.example', '\0', 'ſ', '\uff20']),
      mostOctets: 512,
      refuses: [],
      run: (input) => {
        const options = { domain: 'CORP', dnsDomain: 'corp.example', upnSuffixes: ['example.org'] };
        const name = parseDirectoryName(input.toString(), options);
        if (name === undefined) return 'refused';
        agree('plain', /^[^"/\\[\]:;|=,+*?<>@\p{Cc}]{1,64}$/u.test(name.user), true);
        return name.userPrincipalName === undefined ? 'user' : 'principal';
      },
    }),
  },
  {
    name: 'account-entry',
    about: 'attributes of an account as a directory says them',
    prepare: () => ({
      seeds: ['user\n512\n0\n0', 'user\n514\n8388624\n9223372036854775807', '\n66048\n\n1'].map(
        (text) => Buffer.from(text),
      ),
      mutate: textMutator(['512', '514', '-1', '9223372036854775807', '\n', '1e3', 'NaN']),
      mostOctets: 512,
      refuses: [],
      run: (input) => {
        const [sAMAccountName = '', userAccountControl = '', computed = '', accountExpires = ''] =
          input.toString().split('\n');
        const entry = readAccountEntry(
          {
            dn: 'CN=a',
            sAMAccountName,
            userAccountControl,
            'msDS-User-Account-Control-Computed': computed,
            accountExpires,
          },
          clock(),
        );
        // What is disabled is never in order, whatever else is said.
        const isDisabled = (Number(userAccountControl) & 2) !== 0;
        if (isDisabled && entry !== undefined) agree('disabled', entry.fault !== undefined, true);
        return entry?.fault ?? 'in order';
      },
    }),
  },
];

const keytab = Buffer.concat([
  Buffer.from('0502', 'hex'),
  entryOf(['CORP.EXAMPLE', 'HTTP', 'gateway.corp.example']),
  entryOf(['CORP.EXAMPLE', 'svc-scep']),
]);

function entryOf(texts: readonly string[]): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(texts.length - 1);
  const parts = texts.map((text) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(text.length);
    return Buffer.concat([length, Buffer.from(text)]);
  });
  const body = Buffer.concat([head, ...parts, Buffer.alloc(45)]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}
