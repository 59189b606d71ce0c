/** Texts in requests: query strings, base64, JSON and XML of webhooks, orders of challenges. */
import { documentLeaves } from '../../src/http/document-leaves.js';
import { parseChallengeFilter, parseChallengeRequest } from '../../src/http/challenge-request.js';
import { parseJamfEvent } from '../../src/http/jamf-event.js';
import { decodeMessageText, decodeQueryMessage } from '../../src/http/message-text.js';
import { requestTarget } from '../../src/http/request-target.js';
import { parseScepQuery } from '../../src/http/scep-query.js';
import { GatewayError } from '../../src/errors/index.js';
import { namesDevice } from '../../src/challenge/device.js';
import { patternFault } from '../../src/config/pattern.js';
import { markupMutator, textMutator } from '../mutators/text.js';
import { agree, type Target } from '../target.js';

const limit = {
  bytes: 64 * 1024,
  tooLarge: () => new GatewayError('http.uri-too-large', 'too large'),
};

export const targets: readonly Target[] = [
  {
    name: 'scep-query',
    about: 'request targets: path, operation, the message of a GET',
    prepare: () => ({
      seeds: [
        '/certsrv/mscep/mscep.dll/pkiclient.exe?operation=GetCACaps&message=ca',
        'http://gateway//scep/?operation=PKIOperation&message=MIIB%2B%0A%3D%3D',
        '/scep?OPERATION=GetCACert&message',
      ].map((text) => Buffer.from(text)),
      mutate: textMutator([
        'operation=',
        'message=',
        '&',
        '?',
        '#',
        '%2F',
        '%252B',
        '//',
        '..',
        '+',
      ]),
      mostOctets: 96 * 1024,
      refuses: ['http.message', 'http.uri-too-large'],
      run: (input) => {
        const { path, query } = requestTarget(input.toString('latin1'));
        agree('the path', path.startsWith('/') && !path.includes('//'), true);
        const { operation, message } = parseScepQuery(query);
        if (message === undefined) return operation === undefined ? 'nothing' : 'operation';
        return decodeQueryMessage(message, limit).length > limit.bytes ? 'too long' : 'message';
      },
    }),
  },
  {
    name: 'message-text',
    about: 'base64 and PEM that clients post instead of DER',
    prepare: () => ({
      seeds: [
        'MIIBAgMEBQYHCAkKCwwNDg8Q\nERITFBUWFxgZGhscHR4fICEi==\n',
        '-----BEGIN PKCS7-----\nMAMCAQE=\n-----END PKCS7-----\n',
        'MAMC AQE-_ =\t= \r\n',
      ].map((text) => Buffer.from(text)),
      mutate: textMutator(['=', '-----', '-----BEGIN A-----', ' ', '\t', '-', '_', '+', '/', 'A']),
      mostOctets: 128 * 1024,
      refuses: ['http.message', 'http.uri-too-large'],
      run: (input) => {
        const decoded = decodeMessageText(input.toString('latin1'), limit);
        const again = decodeMessageText(decoded.toString('base64'), limit);
        agree('encoded and decoded', again.toString('hex'), decoded.toString('hex'));
        return 'ok';
      },
    }),
  },
  {
    name: 'jamf-event',
    about: 'SCEPChallenge webhooks, JSON and XML',
    prepare: () => ({
      seeds: [
        '{"webhook":{"webhookEvent":"SCEPChallenge"},"event":{"targetDevice":{"uuid":"U","serialNumber":"C02"}}}',
        '<JSSEvent><webhook><webhookEvent>SCEPChallenge</webhookEvent></webhook><event><udid>U&amp;1</udid></event></JSSEvent>',
        '[{"a":[[[1]]]}]',
      ].map((text) => Buffer.from(text)),
      mutate: markupMutator([
        '{',
        '}',
        '[',
        ']',
        '"udid":',
        '"serialNumber":',
        ',',
        'null',
        '1e99',
      ]),
      mostOctets: 64 * 1024,
      refuses: ['http.message'],
      run: (input) => {
        const leaves = documentLeaves(input);
        if (leaves !== undefined && leaves.length > 1000) throw new Error('too many leaves');
        const { serialNumber, udid } = parseJamfEvent(input);
        if ((serialNumber ?? '').length > 64 || (udid ?? '').length > 64)
          throw new Error('too long');
        return serialNumber === undefined && udid === undefined ? 'nobody' : 'device';
      },
    }),
  },
  {
    name: 'challenge-order',
    about: 'the challenge API: JSON of a POST, query of a GET',
    prepare: () => ({
      seeds: [
        '{"profile":"default","subject":"CN=a","san":["dns:a"],"requester":"192.0.2.0/24","uses":2}',
        '{"key":"00000000000000000000000000000000000000000000000000000000000000aa"}',
        'state=open&limit=50',
      ].map((text) => Buffer.from(text)),
      mutate: textMutator([
        '{',
        '}',
        '"',
        ':',
        'null',
        '[',
        ']',
        '"uses":',
        'limit=',
        'state=used',
      ]),
      refuses: ['http.message'],
      run: (input) => {
        const text = input.toString();
        if (!text.startsWith('{')) {
          parseChallengeFilter(text);
          return 'filter';
        }
        const value = parsedJson(text);
        if (value === undefined) return 'no JSON';
        parseChallengeRequest(value);
        return 'order';
      },
    }),
  },
  {
    name: 'device-name',
    about: 'whether a request names the device a challenge is bound to',
    prepare: () => ({
      seeds: ['CN=device-1\\,x+O=a\ndns:c02.example\nC02', 'CN=C02\nuri:x\nC02'].map((text) =>
        Buffer.from(text),
      ),
      mutate: textMutator(['CN=', '\\,', ',', '+', '=', 'dns:', 'C02', '\n']),
      refuses: [],
      run: (input) => {
        const [subject = '', san = '', device = ''] = input.toString().split('\n');
        return namesDevice([device], { subject, san: [san] }) ? 'named' : 'not named';
      },
    }),
  },
  {
    name: 'pattern',
    about: 'patterns of settings: those let through do not backtrack without bounds',
    pace: 0.3,
    prepare: () => ({
      seeds: ['[A-Z]{2}\\d+', '(?:a|b)*c', 'device-(\\d{1,6})(-[a-z]+)?', '(a+)*'].map((text) =>
        Buffer.from(text),
      ),
      mutate: textMutator([
        '(',
        ')',
        '*',
        '+',
        '?',
        '{2,}',
        '|',
        '[a-z]',
        '\\d',
        '.',
        '\\1',
        '(?:',
      ]),
      mostOctets: 200,
      refuses: [],
      run: (input) => (patternFault(input.toString()) === undefined ? 'taken' : 'refused'),
    }),
  },
];

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
