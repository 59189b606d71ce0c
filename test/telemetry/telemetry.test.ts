import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Writable } from 'node:stream';
import { GatewayError } from '../../src/errors/index.js';
import { createLog, logAudit, type LogFields, type LogOptions } from '../../src/telemetry/index.js';

const now = new Date('2026-02-03T04:05:06.789Z');

/** Collects what is written, as a pipe or a terminal would. */
class Sink extends Writable {
  text = '';
  readonly isTTY: boolean;

  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function telemetryInto(sink: Sink, options: Partial<LogOptions> = {}) {
  return createLog({
    level: 'info',
    format: 'json',
    destination: sink,
    clock: () => now,
    ...options,
  });
}

/** The one line that `fields` make. */
function lineOf(fields: LogFields, format: 'json' | 'text' = 'json', message = 'message'): string {
  const sink = new Sink();
  telemetryInto(sink, { format }).log.info(message, fields);
  expect(sink.text.endsWith('\n')).toBe(true);
  return sink.text.slice(0, -1);
}

function jsonOf(fields: LogFields): Record<string, unknown> {
  const { time, level, message, ...rest } = JSON.parse(lineOf(fields)) as Record<string, unknown>;
  expect({ time, level, message }).toEqual({
    time: now.toISOString(),
    level: 'info',
    message: 'message',
  });
  return rest;
}

describe('lines', () => {
  test('JSON: one object a line, fields after the fixed ones', () => {
    expect(lineOf({ status: 200, ok: true, path: '/scep', none: null, gone: undefined })).toBe(
      '{"time":"2026-02-03T04:05:06.789Z","level":"info","message":"message","status":200,"ok":true,"path":"/scep","none":null}',
    );
  });

  test('text: readable, quoted where a value could be mistaken', () => {
    expect(lineOf({ status: 200, subject: 'CN=a b', empty: '', 'odd name': 'x' }, 'text')).toBe(
      '2026-02-03T04:05:06.789Z INFO  message status=200 subject="CN=a b" empty="" "odd name"=x',
    );
  });

  test('levels: what is less important is left out', () => {
    const written = (level: LogOptions['level']) => {
      const sink = new Sink();
      const { log } = telemetryInto(sink, { level, format: 'text' });
      log.error('e');
      log.warn('w');
      log.info('i');
      log.debug('d');
      return sink.text.replaceAll(`${now.toISOString()} `, '');
    };
    expect(written('error')).toBe('ERROR e\n');
    expect(written('warn')).toBe('ERROR e\nWARN  w\n');
    expect(written('info')).toBe('ERROR e\nWARN  w\nINFO  i\n');
    expect(written('debug')).toBe('ERROR e\nWARN  w\nINFO  i\nDEBUG d\n');
  });

  test.each([
    [true, `${now.toISOString()} INFO  hello\n`],
    [false, `{"time":"${now.toISOString()}","level":"info","message":"hello"}\n`],
  ])('auto on a terminal: %s', (isTerminal, text) => {
    const sink = new Sink(isTerminal);
    telemetryInto(sink, { format: 'auto' }).log.info('hello');
    expect(sink.text).toBe(text);
  });

  test('a field cannot take the place of a fixed one', () => {
    expect(JSON.parse(lineOf({ time: 'x', level: 'error', message: 'forged' }))).toEqual({
      time: now.toISOString(),
      level: 'info',
      message: 'message',
      time_: 'x',
      level_: 'error',
      message_: 'forged',
    });
  });

  test('many lines arrive whole, in order, and before close resolves', async () => {
    const sink = new Sink();
    const telemetry = telemetryInto(sink, { format: 'text' });
    for (let index = 0; index < 1000; index++) telemetry.log.info(`line ${index}`);
    await telemetry.close();
    const lines = sink.text.trimEnd().split('\n');
    expect(lines).toHaveLength(1000);
    expect(lines[999]).toBe(`${now.toISOString()} INFO  line 999`);
    expect(sink.writableEnded).toBe(false);
  });
});

describe('log injection', () => {
  const hostile = 'a\r\nb\u001b[2J\u009b1m\u2028\u202e\u200bz\ud800';
  const escaped = 'a\\r\\nb\\u001b[2J\\u009b1m\\u2028\\u202e\\u200bz\\ud800';

  test('text: control and reordering characters are written out, in messages too', () => {
    expect(lineOf({ subject: hostile }, 'text', hostile)).toBe(
      `${now.toISOString()} INFO  a\\u000d\\u000ab\\u001b[2J\\u009b1m\\u2028\\u202e\\u200bz\\ud800 subject="${escaped}"`,
    );
  });

  test('JSON: escaped as well, and the value survives', () => {
    const line = lineOf({ subject: hostile });
    expect(line).toContain(`"subject":"${escaped}"`);
    expect(JSON.parse(line)).toMatchObject({ subject: hostile });
  });

  test('any fields give one line, JSON that reads back and text without control characters', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ unit: 'binary' }),
          fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean()),
        ),
        fc.string({ unit: 'binary' }),
        (fields, message) => {
          const json = lineOf(fields, 'json', message);
          expect(JSON.parse(json)).toMatchObject({ message, level: 'info' });
          expect(json).toMatch(/^\P{Cc}*$/u);
          expect(lineOf(fields, 'text', message)).toMatch(/^\P{Cc}*$/u);
        },
      ),
    );
  });
});

describe('redaction', () => {
  test.each([
    ...['password', 'passwd', 'adminPassword', 'password_hash', 'challenge', 'challengePassword'],
    ...['SECRET', 'clientSecret', 'token', 'apiToken', 'Authorization', 'proxy-authorization'],
    ...['cookie', 'key', 'privateKey', 'private_key', 'privateKeyPem', 'passphrase', 'pin', 'otp'],
    ...['userpassword', 'keys'],
  ])('%s is replaced', (name) => {
    expect(jsonOf({ [name]: 'hunter2' })).toEqual({ [name]: '[redacted]' });
  });

  test.each([
    ...['keyId', 'key_id', 'keyBits', 'challengeId', 'tokenId', 'challengeStore', 'passwordLength'],
    ...['subject', 'monkey', 'keyboard', 'pinned', 'spinner', 'transactionId', 'id'],
  ])('%s is shown', (name) => {
    expect(jsonOf({ [name]: 'value' })).toEqual({ [name]: 'value' });
  });

  test('octets are counted, dates written, long text cut', () => {
    expect(
      jsonOf({
        message1: Buffer.from('secret stuff'),
        at: new Date(0),
        never: new Date(Number.NaN),
        big: 12345678901234567890n,
        long: 'x'.repeat(5000),
        nan: Number.NaN,
      }),
    ).toEqual({
      message1: '12 octets',
      at: '1970-01-01T00:00:00.000Z',
      never: 'no date',
      big: '12345678901234567890',
      long: `${'x'.repeat(2048)}…`,
      nan: null,
    });
  });

  test('an expected error is its code, message, detail and cause; any other its stack', () => {
    const cause = new GatewayError('store.unavailable', 'inner');
    const error = new GatewayError('issuer.unavailable', 'outer', { detail: 'why', cause });
    expect(jsonOf({ error })).toEqual({
      error:
        'GatewayError issuer.unavailable: outer (why) <- GatewayError store.unavailable: inner',
    });
    expect(jsonOf({ error: new TypeError('oops') })['error']).toMatch(
      /^TypeError: oops\n {4}at .*telemetry\.test\.ts/,
    );
  });

  test('a chain of causes that bites its tail ends', () => {
    const error = new GatewayError('internal', 'round');
    Object.defineProperty(error, 'cause', { value: error });
    expect(jsonOf({ error })['error']).toBe(
      Array.from({ length: 5 }, () => 'GatewayError internal: round').join(' <- '),
    );
  });
});

describe('correlation', () => {
  test('a line about a request has its id in front', () => {
    const sink = new Sink();
    const { log } = telemetryInto(sink, { format: 'text' });
    log.info('in', { correlationId: 'AAAA', n: 1 });
    log.info('after');
    expect(sink.text.replaceAll(`${now.toISOString()} INFO  `, '')).toBe('[AAAA] in n=1\nafter\n');
  });

  test('new ids are twelve base32 characters, and differ', () => {
    const { newCorrelationId } = telemetryInto(new Sink());
    const ids = Array.from({ length: 1000 }, () => newCorrelationId());
    for (const id of ids) expect(id).toMatch(/^[A-Z2-7]{12}$/);
    expect(new Set(ids).size).toBe(1000);
    expect(new Set(ids.join('')).size).toBe(32);
  });
});

describe('audit', () => {
  test('a record is one line at level info: its event, its own correlation id, what is known', () => {
    const sink = new Sink();
    logAudit(telemetryInto(sink).log, {
      at: new Date('2026-02-03T04:05:00.000Z'),
      event: 'enrollment.rejected',
      correlationId: 'ABCDEFGHIJKL',
      profile: 'default',
      transactionId: '0a0b',
      challengeId: 'c-1',
      subject: 'CN=device\n7',
      keyId: 'ff00',
      clientAddress: '192.0.2.7',
      actor: undefined,
      outcome: 'refused',
      code: 'policy.key',
      reason: 'RSA 1024 is too small',
    });
    expect(JSON.parse(sink.text)).toEqual({
      time: now.toISOString(),
      level: 'info',
      message: 'enrollment.rejected',
      correlationId: 'ABCDEFGHIJKL',
      audit: true,
      at: '2026-02-03T04:05:00.000Z',
      profile: 'default',
      transactionId: '0a0b',
      challengeId: 'c-1',
      subject: 'CN=device\n7',
      keyId: 'ff00',
      clientAddress: '192.0.2.7',
      outcome: 'refused',
      code: 'policy.key',
      reason: 'RSA 1024 is too small',
    });
  });
});
