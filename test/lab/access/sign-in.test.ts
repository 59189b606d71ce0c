import { expect, test } from '@jest/globals';
import { describeInLab, labFile } from '../in-lab.js';
import { run } from '../run.js';
import { labConfig, withGateway, type LabGateway } from './gateway.js';
import { samba } from './samba.js';

/** curl as administrators call it; the last line of its output is the status. */
async function curl(url: string, ...options: readonly string[]) {
  const { output } = await run('curl', [
    ...['-sS', '-m', '20', '--cacert', labFile('pki/ca.pem'), '-D', '-'],
    ...['-w', '\n%{http_code}', ...options, url],
  ]);
  const lines = output.split(/\r?\n/);
  return {
    status: Number(lines.at(-1)),
    challenges: lines
      .filter((line) => /^www-authenticate: /i.test(line))
      .map((line) => line.slice('www-authenticate: '.length)),
    output,
  };
}

const basic = (url: string, user: string, password: string) =>
  curl(url, '--basic', '-u', `${user}:${password}`);

/** curl with the tickets of an account. */
async function negotiate(url: string, account: string, password: string) {
  const ccache = labFile(`cc-${account}`);
  await run('kinit', ['-c', ccache, account], { input: `${password}\n` });
  process.env['KRB5CCNAME'] = `FILE:${ccache}`;
  return curl(url, '--negotiate', '-u', ':');
}

async function python(
  { page }: LabGateway,
  binding: 'none' | 'right' | 'wrong',
  repeat = 1,
): Promise<readonly { status: number; proven: boolean; body: string }[]> {
  const ccache = labFile('cc-python');
  await run('kinit', ['-c', ccache, 'mdm'], { input: 'Mdm-Passw0rd!\n' });
  const { output, errors } = await run(
    '/usr/bin/python3',
    ['test/lab/access/client.py', page, labFile('pki/ca.pem'), binding, String(repeat)],
    { environment: { KRB5CCNAME: `FILE:${ccache}` } },
  );
  if (output === '') throw new Error(errors);
  return JSON.parse(output) as { status: number; proven: boolean; body: string }[];
}

const password = /The enrollment challenge password is: <B> ([0-9A-F]{16}) <\/B>/;
const last = (gateway: LabGateway) => gateway.audit().at(-1);

describeInLab('Kerberos', () => {
  test('signs curl in, to the page and the API, and proves the gateway', () =>
    withGateway(labConfig({}), async (gateway) => {
      const offered = await curl(gateway.page);
      expect(offered).toMatchObject({ status: 401 });
      expect(offered.challenges).toEqual([
        'Negotiate',
        'Basic realm="Network Device Enrollment Service"',
      ]);
      const page = await negotiate(gateway.page, 'mdm', 'Mdm-Passw0rd!');
      expect(page.status).toBe(200);
      expect(page.challenges.at(-1)).toMatch(/^Negotiate oYG|^Negotiate oR/);
      expect(last(gateway)).toMatchObject({
        event: 'challenge.issued',
        actor: 'mdm@lab.test',
      });
      expect((await negotiate(gateway.plainPage, 'mdm', 'Mdm-Passw0rd!')).status).toBe(200);
      expect((await negotiate(gateway.api, 'reader', 'Reader-Passw0rd!')).status).toBe(200);
    }));

  test('signs in a local account by the principal that is written for it, and no other by name', () =>
    withGateway(labConfig({ directory: 'rememberSeconds: 0' }), async (gateway) => {
      expect((await negotiate(gateway.page, 'svc-scep', 'Scep-Passw0rd!')).status).toBe(200);
      expect(last(gateway)).toMatchObject({ event: 'challenge.issued', actor: 'local' });
      // A user of the domain who is called as our account is.
      await samba('user', 'create', 'local', 'Local-Passw0rd!');
      expect((await negotiate(gateway.page, 'local', 'Local-Passw0rd!')).status).toBe(401);
      await samba('user', 'delete', 'local');
      expect(last(gateway)).toMatchObject({
        event: 'access.denied',
        reason: 'Kerberos: local@lab.test is in no group with rights here.',
      });
    }));

  test('checks the channel binding a client sends, and asks for one where that is required', async () => {
    await withGateway(labConfig({}), async (gateway) => {
      expect(await python(gateway, 'right', 3)).toMatchObject(
        Array.from({ length: 3 }, () => ({ status: 200, proven: true })),
      );
      expect(await python(gateway, 'none')).toMatchObject([{ status: 200, proven: true }]);
      expect(await python(gateway, 'wrong')).toMatchObject([{ status: 401 }]);
      expect(last(gateway)).toMatchObject({
        event: 'access.denied',
        reason: expect.stringMatching(/^Kerberos: .*channel bindings/i) as unknown,
      });
    });
    const strict = `keytab: '${labFile('gateway.keytab')}', channelBinding: required`;
    await withGateway(labConfig({ negotiate: strict }), async (gateway) => {
      const [answer] = await python(gateway, 'right');
      expect(answer?.status).toBe(200);
      expect(answer?.body).toMatch(password);
      expect(await python(gateway, 'none')).toMatchObject([{ status: 401 }]);
      // curl 7.88 sends none.
      expect((await negotiate(gateway.page, 'mdm', 'Mdm-Passw0rd!')).status).toBe(401);
      expect((await curl(gateway.plainPage)).challenges).toEqual([
        'Basic realm="Network Device Enrollment Service"',
      ]);
    });
  });

  test('needs rights: in no group there is nothing, and an approver fetches no challenge', () =>
    withGateway(labConfig({}), async (gateway) => {
      expect((await negotiate(gateway.page, 'stranger', 'Stranger-Passw0rd!')).status).toBe(401);
      expect(last(gateway)).toMatchObject({
        event: 'access.denied',
        reason: 'Kerberos: stranger@lab.test is in no group with rights here.',
      });
      const page = await negotiate(gateway.page, 'approver', 'Approver-Passw0rd!');
      expect(page.status).toBe(200);
      expect(last(gateway)).toMatchObject({
        event: 'challenge.denied',
        actor: 'approver@lab.test',
      });
    }));

  test('with a keytab of another service refuses every ticket, and says which key is missing', () =>
    withGateway(labConfig({ negotiate: `keytab: '${labFile('ca1.keytab')}'` }), async (gateway) => {
      expect((await negotiate(gateway.page, 'mdm', 'Mdm-Passw0rd!')).status).toBe(401);
      expect(last(gateway)).toMatchObject({
        event: 'access.denied',
        reason: expect.stringContaining('HTTP/gateway.lab.test') as unknown,
      });
    }));

  test('answers NTLM inside Negotiate with what is on, and counts it for nothing', () =>
    withGateway(labConfig({}), async (gateway) => {
      const type1 = Buffer.concat([
        Buffer.from('NTLMSSP\0'),
        Buffer.from('0100000097820800', 'hex'),
        Buffer.alloc(24),
      ]);
      const header = `Authorization: Negotiate ${type1.toString('base64')}`;
      for (let round = 0; round < 8; round++) {
        const { status, challenges } = await curl(gateway.page, '-H', header);
        expect({ status, challenges }).toMatchObject({
          status: 401,
          challenges: ['Negotiate', 'Basic realm="Network Device Enrollment Service"'],
        });
      }
      expect(gateway.audit().filter(({ event }) => event === 'access.denied')).toEqual([]);
    }));

  test('goes on when the domain controller is gone, for who has a ticket and a local account', () =>
    withGateway(
      labConfig({ directory: 'timeoutSeconds: 1' }).replace('dc1.lab.test', 'gone.lab.test'),
      async (gateway) => {
        expect((await negotiate(gateway.page, 'svc-scep', 'Scep-Passw0rd!')).status).toBe(200);
        const away = await negotiate(gateway.page, 'mdm', 'Mdm-Passw0rd!');
        expect(away.status).toBe(503);
        expect(away.output).toMatch(/^retry-after: \d+/im);
      },
    ));
});

describeInLab('Basic against the directory', () => {
  test.each(['mdm', 'LAB\\mdm', 'mobile.devices@lab.test'])('signs %s in', (user) =>
    withGateway(labConfig({}), async (gateway) => {
      expect((await basic(gateway.page, user, 'Mdm-Passw0rd!')).status).toBe(200);
      expect(last(gateway)).toMatchObject({ event: 'challenge.issued', actor: 'mdm@lab.test' });
      expect((await basic(gateway.page, 'local', 'a password of local')).status).toBe(200);
      expect(last(gateway)).toMatchObject({ event: 'challenge.issued', actor: 'local' });
    }),
  );

  test.each([
    ['disabled', 'Disabled-Passw0rd!', 'Directory: The account is disabled.'],
    ['expired', 'Expired-Passw0rd!', 'Directory: The account has expired.'],
    [
      'must-change',
      'Must-Change-Passw0rd!',
      'Directory: The account must change its password first.',
    ],
    ['stranger', 'Stranger-Passw0rd!', 'stranger@lab.test is in no group with rights here.'],
    ['umlaut', 'wrong', 'Wrong account or password.'],
    ['umlaut', '', 'Wrong account or password.'],
  ])('refuses %s with %j', (user, secret, reason) =>
    withGateway(labConfig({}), async (gateway) => {
      expect((await basic(gateway.page, user, secret)).status).toBe(401);
      expect(last(gateway)).toMatchObject({ event: 'access.denied', reason });
    }),
  );

  test('locks before the directory does', () =>
    withGateway(
      labConfig({ more: 'rateLimits: { failedSignIns: { count: 100 } }' }),
      async (gateway) => {
        for (const user of ['approver', 'LAB\\approver', 'approver@lab.test', 'approver']) {
          expect((await basic(gateway.page, user, 'wrong')).status).toBe(401);
        }
        expect((await basic(gateway.page, 'approver', 'Approver-Passw0rd!')).status).toBe(401);
        expect(gateway.audit().map(({ event }) => event)).toEqual([
          'access.denied',
          'access.denied',
          'access.locked',
        ]);
        const ticket = await run('kinit', ['-c', labFile('cc-lock'), 'approver'], {
          input: 'Approver-Passw0rd!\n',
        });
        expect(ticket.status).toBe(0);
      },
    ));

  test('cannot lock anybody from outside the allow list', () =>
    withGateway(labConfig({ more: 'allow: { admin: [10.77.0.20] }' }), async (gateway) => {
      for (let guess = 0; guess < 8; guess++) {
        expect((await basic(gateway.page, 'reader', `wrong ${guess}`)).status).toBe(403);
      }
      const inside = await curl(
        gateway.page,
        ...['--interface', '10.77.0.20', '--basic', '-u', 'reader:Reader-Passw0rd!'],
      );
      expect(inside.status).toBe(200);
    }));

  test('says 503 and not 401 when no server answers, and lets local accounts in', () =>
    withGateway(
      labConfig({ directory: 'timeoutSeconds: 1' }).replace('dc1.lab.test', 'gone.lab.test'),
      async (gateway) => {
        const away = await basic(gateway.page, 'mdm', 'Mdm-Passw0rd!');
        expect(away.status).toBe(503);
        expect(away.output).toMatch(/^retry-after: \d+/im);
        expect(away.challenges).toEqual([]);
        expect((await basic(gateway.page, 'local', 'a password of local')).status).toBe(200);
      },
    ));

  test('sees a change of groups when its memory has run out', () =>
    withGateway(labConfig({ directory: 'rememberSeconds: 0' }), async (gateway) => {
      const asked = () => basic(gateway.page, 'changing', 'Changing-Passw0rd!');
      expect((await asked()).status).toBe(401);
      await samba('group', 'addmembers', 'SCEP-Challenges', 'changing');
      expect((await asked()).status).toBe(200);
      await samba('group', 'removemembers', 'SCEP-Challenges', 'changing');
      expect((await asked()).status).toBe(401);
    }));
});
