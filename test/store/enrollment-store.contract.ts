import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EnrollmentStore, TransactionRowId, TransactionState } from '../../src/store/index.js';
import { at, audit, certificate, noon, transaction } from './records.js';

export interface OpenedStore {
  readonly store: EnrollmentStore;
  close(): Promise<void>;
}

const idOf = (id: string) => id as TransactionRowId;

/** What every EnrollmentStore does. `make` gives an empty one. */
export function enrollmentStoreContract(name: string, make: () => Promise<OpenedStore>): void {
  describe(`EnrollmentStore contract: ${name}`, () => {
    let opened: OpenedStore;
    let store: EnrollmentStore;

    beforeEach(async () => {
      opened = await make();
      store = opened.store;
    });
    afterEach(() => opened.close());

    const events = async () => (await store.audit({})).map((record) => record.event);

    describe('open', () => {
      test('keeps every field', async () => {
        const record = transaction('1', { challengeId: 'c1', updatedAt: at(1) });
        expect(await store.open(record, undefined)).toEqual(record);
        expect(await store.findTransaction(record.key)).toEqual(record);
        expect(await store.transaction(record.id)).toEqual(record);
        expect(await events()).toEqual([]);
      });

      test('answers with the row that stands, and audits nothing', async () => {
        const first = transaction('1');
        await store.open(first, audit('first'));
        const second = transaction('2', { key: first.key, subject: 'CN=other' });
        expect((await store.open(second, audit('second'))).id).toBe('1');
        expect(await store.transaction(second.id)).toBeUndefined();
        expect(await events()).toEqual(['first']);
      });

      test('one of many concurrent requests opens it', async () => {
        const { key } = transaction('1');
        const rows = await Promise.all(
          Array.from({ length: 20 }, (_, n) =>
            store.open(transaction(`row${n}`, { key }), undefined),
          ),
        );
        expect(new Set(rows.map((row) => row.id)).size).toBe(1);
      });

      test('replaces only the row it supersedes', async () => {
        const first = transaction('1', { state: { kind: 'rejected', code: 'x', text: 'no' } });
        await store.open(first, undefined);
        const next = transaction('2', { key: first.key });
        expect((await store.open(next, undefined, idOf('other'))).id).toBe('1');
        expect((await store.open(next, audit('again'), first.id)).id).toBe('2');
        expect(await store.transaction(first.id)).toBeUndefined();
        expect(await store.findTransaction(first.key)).toEqual(next);
        expect(await events()).toEqual(['again']);
      });

      test('superseding what is gone opens the row', async () => {
        expect((await store.open(transaction('2'), undefined, idOf('1'))).id).toBe('2');
      });

      test('the rows of a transactionID, newest first, of its profile only', async () => {
        const key = { profile: 'default', transactionId: 'aa', purpose: 'new' };
        await store.open(transaction('1', { key }), undefined);
        await store.open(transaction('2', { key: { ...key, purpose: 'renew:FF' } }), undefined);
        await store.open(transaction('3', { key: { ...key, profile: 'other' } }), undefined);
        const rows = await store.findTransactions('default', 'aa');
        expect(rows.map((row) => row.id)).toEqual(['2', '1']);
        expect(await store.findTransactions('default', 'ab')).toEqual([]);
      });

      test('the row that a challenge opened for a request, in its profile only', async () => {
        const requestDigest = 'd'.repeat(64);
        await store.open(transaction('1', { challengeId: 'c1', requestDigest }), undefined);
        await store.open(transaction('2', { challengeId: 'c1', requestDigest }), undefined);
        await store.open(transaction('3', { challengeId: 'c1' }), undefined);
        expect((await store.findByChallenge('default', 'c1', requestDigest))?.id).toBe('2');
        expect(await store.findByChallenge('default', 'c2', requestDigest)).toBeUndefined();
        expect(await store.findByChallenge('other', 'c1', requestDigest)).toBeUndefined();
      });
    });

    describe('conclude', () => {
      const states: readonly TransactionState[] = [
        { kind: 'authorized' },
        { kind: 'awaiting-approval' },
        { kind: 'approved', approver: 'admin' },
        { kind: 'submitted', issuer: 'adcs', requestId: '4711' },
        { kind: 'issued', certificate: certificate(1).thumbprint },
        { kind: 'rejected', code: 'policy.key', text: 'RSA 1024 is too small.' },
        { kind: 'rejected', code: 'issuer.refused', text: 'No.', hresult: 0x80094800 },
        { kind: 'submitting', issuer: 'adcs', approver: 'admin' },
        { kind: 'in-doubt', issuer: 'adcs' },
        {
          kind: 'submitted',
          issuer: 'adcs',
          requestId: '1',
          identity: 'EXAMPLE\\svc',
          approver: 'admin',
        },
      ];

      test.each(states)('keeps the state $kind', async (state) => {
        await store.open(transaction('1'), undefined);
        const conclusion = { transaction: idOf('1'), state, audit: audit('e'), now: at(3) };
        expect(await store.conclude(conclusion)).toBe(true);
        const row = await store.transaction(idOf('1'));
        expect(row?.state).toEqual(state);
        expect(row?.updatedAt).toEqual(at(3));
        expect(row?.createdAt).toEqual(noon);
      });

      test('a later state leaves nothing of the earlier one', async () => {
        await store.open(transaction('1', { state: states[3]! }), undefined);
        for (const state of [states[2]!, states[0]!, states[4]!]) {
          await store.conclude({ transaction: idOf('1'), state, audit: audit('e'), now: noon });
          expect((await store.transaction(idOf('1')))?.state).toEqual(state);
        }
      });

      test('brings certificate and audit with the answer', async () => {
        await store.open(transaction('1'), undefined);
        const issued = certificate(1);
        await store.conclude({
          transaction: idOf('1'),
          state: { kind: 'issued', certificate: issued.thumbprint },
          certificate: issued,
          audit: audit('enrollment.issued'),
          now: noon,
        });
        expect(await store.certificate(issued.thumbprint)).toEqual(issued);
        expect(await events()).toEqual(['enrollment.issued']);
      });

      test.each([states[4]!, states[5]!])('answers once: $kind stands', async (state) => {
        await store.open(transaction('1'), undefined);
        const first = { transaction: idOf('1'), state, audit: audit('first'), now: noon };
        expect(await store.conclude(first)).toBe(true);
        const again = {
          ...first,
          state: { kind: 'issued', certificate: 'F'.repeat(64) } as const,
          certificate: certificate(2),
          audit: audit('again'),
        };
        expect(await store.conclude(again)).toBe(false);
        expect((await store.transaction(idOf('1')))?.state).toEqual(state);
        expect(await store.certificate(certificate(2).thumbprint)).toBeUndefined();
        expect(await events()).toEqual(['first']);
      });

      test('of concurrent answers one stands', async () => {
        await store.open(transaction('1'), undefined);
        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, n) =>
            store.conclude({
              transaction: idOf('1'),
              state: { kind: 'issued', certificate: certificate(n).thumbprint },
              certificate: certificate(n),
              audit: audit('e'),
              now: noon,
            }),
          ),
        );
        expect(answers.filter((answered) => answered)).toHaveLength(1);
        expect(await store.certificates({}, noon)).toHaveLength(1);
      });

      test('false for a stranger', async () => {
        const stranger = {
          transaction: idOf('x'),
          state: states[0]!,
          audit: audit('e'),
          now: noon,
        };
        expect(await store.conclude(stranger)).toBe(false);
        expect(await events()).toEqual([]);
      });

      test('when the certificate cannot be kept, nothing is', async () => {
        await store.open(transaction('1'), undefined);
        await store.addCertificate(certificate(1));
        const twin = certificate(2, { serial: certificate(1).serial });
        await expect(
          store.conclude({
            transaction: idOf('1'),
            state: { kind: 'issued', certificate: twin.thumbprint },
            certificate: twin,
            audit: audit('e'),
            now: noon,
          }),
        ).rejects.toMatchObject({ code: 'internal' });
        expect((await store.transaction(idOf('1')))?.state).toEqual({ kind: 'authorized' });
        expect(await events()).toEqual([]);
      });
    });

    describe('abandon', () => {
      test('removes what came to nothing', async () => {
        await store.open(transaction('1'), undefined);
        expect(await store.abandon(idOf('1'), audit('abandoned'))).toBe(true);
        expect(await store.transaction(idOf('1'))).toBeUndefined();
        expect(await events()).toEqual(['abandoned']);
      });

      test('leaves an answer alone', async () => {
        const state = { kind: 'rejected', code: 'x', text: 'no' } as const;
        await store.open(transaction('1', { state }), undefined);
        expect(await store.abandon(idOf('1'), audit('abandoned'))).toBe(false);
        expect(await store.abandon(idOf('nobody'), audit('abandoned'))).toBe(false);
        expect((await store.transaction(idOf('1')))?.state).toEqual(state);
        expect(await events()).toEqual([]);
      });
    });

    describe('errands', () => {
      const hold = (holder: string, minutes = 10) => ({ holder, until: at(minutes) });
      const errand = (minutes: number | undefined) => ({
        dueAt: minutes === undefined ? undefined : at(minutes),
        attempts: 2,
        problem: 'no route to host',
      });
      const submitted = { kind: 'submitted', issuer: 'a', requestId: '1' } as const;

      async function openWith(
        id: string,
        minutes: number | undefined,
        changes: Parameters<typeof transaction>[1] = {},
      ): Promise<void> {
        await store.open(transaction(id, { errand: errand(minutes), ...changes }), undefined);
      }
      const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);

      test('errand and hold are kept, and go when a conclusion does not name them', async () => {
        await openWith('1', 5, { hold: hold('p1') });
        expect(await store.transaction(idOf('1'))).toMatchObject({
          errand: errand(5),
          hold: hold('p1'),
        });
        const concluded = { transaction: idOf('1'), audit: undefined, now: noon };
        await store.conclude({ ...concluded, state: submitted, errand: errand(undefined) });
        const row = await store.transaction(idOf('1'));
        expect([row?.errand, row?.hold]).toEqual([errand(undefined), undefined]);
        await store.conclude({ ...concluded, state: { kind: 'rejected', code: 'x', text: 'no' } });
        expect((await store.transaction(idOf('1')))?.errand).toBeUndefined();
        expect(await events()).toEqual([]);
      });

      test('a row is held by one at a time, until its time is up', async () => {
        await openWith('1', 0);
        const taken = await Promise.all(
          ['p1', 'p2', 'p3'].map((holder) => store.hold(idOf('1'), hold(holder), noon)),
        );
        const [first = '', ...more] = taken.flatMap((row) => row?.hold?.holder ?? []);
        expect(['p1', 'p2', 'p3']).toContain(first);
        expect(more).toEqual([]);
        expect(await store.hold(idOf('1'), hold(first, 12), at(1))).toMatchObject({
          hold: hold(first, 12),
        });
        expect(await store.hold(idOf('1'), hold('p4', 20), at(11))).toBeUndefined();
        expect((await store.hold(idOf('1'), hold('p4', 20), at(12)))?.hold).toEqual(hold('p4', 20));
      });

      test('what is answered or unknown cannot be held', async () => {
        await openWith('1', 0, { state: { kind: 'rejected', code: 'x', text: 'no' } });
        expect(await store.hold(idOf('1'), hold('p1'), noon)).toBeUndefined();
        expect(await store.hold(idOf('nobody'), hold('p1'), noon)).toBeUndefined();
      });

      test('only its holder concludes what the CA did not say', async () => {
        await openWith('1', 0, { hold: hold('p1') });
        const move = { transaction: idOf('1'), state: submitted, audit: undefined, now: noon };
        expect(await store.conclude({ ...move, holder: 'p2' })).toBe(false);
        expect((await store.transaction(idOf('1')))?.state).toEqual({ kind: 'authorized' });
        expect(await store.conclude({ ...move, holder: 'p1', hold: hold('p1', 20) })).toBe(true);
        expect((await store.transaction(idOf('1')))?.hold).toEqual(hold('p1', 20));
        expect(await store.conclude({ ...move, state: { kind: 'authorized' } })).toBe(true);
      });

      test('what is due is taken once, longest due first, of one issuer or one profile', async () => {
        const other = { profile: 'other', transactionId: 'aa', purpose: 'new' };
        await openWith('late', 4);
        await openWith('early', 1);
        await openWith('not-yet', 6);
        await openWith('never', undefined);
        await openWith('held', 0, { hold: hold('p9') });
        await openWith('elsewhere', 0, { key: other });
        await openWith('at-a', 2, { state: submitted });
        await openWith('at-b', 2, { state: { kind: 'in-doubt', issuer: 'b' } });
        expect(await store.isAnythingDue(at(-1))).toBe(false);
        expect(await store.isAnythingDue(at(5))).toBe(true);
        const take = (of: { issuer: string } | { profile: string }, limit = 10) =>
          store.holdDue({ now: at(5), of, limit }, hold('p1'));
        expect(ids(await take({ profile: 'default' }, 1))).toEqual(['early']);
        const [one, two] = await Promise.all([
          take({ profile: 'default' }),
          take({ profile: 'default' }),
        ]);
        expect([...ids(one), ...ids(two)]).toEqual(['late']);
        expect(ids(await take({ profile: 'other' }))).toEqual(['elsewhere']);
        expect(ids(await take({ issuer: 'a' }))).toEqual(['at-a']);
        expect(ids(await take({ issuer: 'b' }))).toEqual(['at-b']);
        expect(await store.isAnythingDue(at(5))).toBe(false);
        expect(
          ids(await store.holdDue({ now: at(10), of: { issuer: 'a' }, limit: 1 }, hold('p2', 30))),
        ).toEqual(['at-a']);
      });

      test('the backlog is counted by profile, issuer and state', async () => {
        await openWith('1', 1, { createdAt: at(3) });
        await openWith('2', 1, { createdAt: at(2) });
        await openWith('3', undefined, { state: { kind: 'in-doubt', issuer: 'a' } });
        await store.open(transaction('4'), undefined);
        await openWith('5', undefined, { state: { kind: 'rejected', code: 'x', text: 'no' } });
        const group = { profile: 'default', issuer: undefined };
        expect(await store.backlog()).toEqual([
          { ...group, state: 'authorized', count: 2, oldest: at(2) },
          { ...group, issuer: 'a', state: 'in-doubt', count: 1, oldest: noon },
        ]);
        expect(await store.countPending('default')).toBe(3);
      });

      test('what no CA has seen, by age', async () => {
        await openWith('1', 1, { createdAt: at(1) });
        await openWith('2', 1, { createdAt: at(0), state: { kind: 'approved', approver: 'x' } });
        await openWith('3', 1, { createdAt: at(0), state: submitted });
        await openWith('4', 1, { createdAt: at(9) });
        await openWith('5', 1, { createdAt: at(2) });
        expect(ids(await store.queuedBefore(at(5), 10))).toEqual(['1', '5']);
        expect(ids(await store.queuedBefore(at(5), 1))).toEqual(['1']);
      });
    });

    describe('pending', () => {
      beforeEach(async () => {
        const rows: [string, number, string, TransactionState][] = [
          ['late', 5, 'default', { kind: 'awaiting-approval' }],
          ['early', 1, 'default', { kind: 'submitted', issuer: 'a', requestId: '1' }],
          ['other', 3, 'other', { kind: 'awaiting-approval' }],
          ['approved', 0, 'default', { kind: 'approved', approver: 'admin' }],
          ['working', 0, 'default', { kind: 'authorized' }],
        ];
        for (const [id, minutes, profile, state] of rows)
          await store.open(
            transaction(id, {
              key: { profile, transactionId: id, purpose: 'new' },
              createdAt: at(minutes),
              state,
            }),
            undefined,
          );
      });

      test('oldest first', async () => {
        const ids = async (filter: Parameters<EnrollmentStore['pending']>[0]) =>
          (await store.pending(filter)).map((row) => row.id);
        expect(await ids({})).toEqual(['early', 'other', 'late']);
        expect(await ids({ profile: 'default' })).toEqual(['early', 'late']);
        expect(await ids({ limit: 1 })).toEqual(['early']);
      });

      test('counted by profile', async () => {
        expect(await store.countPending('default')).toBe(2);
        expect(await store.countPending('nobody')).toBe(0);
      });
    });

    describe('certificates', () => {
      test('found by thumbprint and by issuer and serial', async () => {
        const record = certificate(1, { revokedAt: at(1), revocationReason: 4 });
        await store.addCertificate(record);
        expect(await store.certificate(record.thumbprint)).toEqual(record);
        expect(await store.certificateBySerial(record.issuerDigest, record.serial)).toEqual(record);
        expect(await store.certificateBySerial('0'.repeat(64), record.serial)).toBeUndefined();
        expect(await store.certificate(certificate(2).thumbprint)).toBeUndefined();
      });

      test('kept once', async () => {
        await store.addCertificate(certificate(1));
        await store.addCertificate(certificate(1, { subject: 'CN=changed' }));
        expect(await store.certificates({}, noon)).toEqual([certificate(1)]);
      });

      test('newest first, as many as asked for', async () => {
        for (const n of [1, 2, 3]) await store.addCertificate(certificate(n));
        expect(await store.certificates({ limit: 2 }, noon)).toEqual([
          certificate(3),
          certificate(2),
        ]);
      });

      describe('search', () => {
        const subjects = async (...parameters: Parameters<EnrollmentStore['certificates']>) =>
          (await store.certificates(...parameters)).map((record) => record.subject);

        beforeEach(async () => {
          await store.addCertificate(
            certificate(1, { subject: 'CN=100%_sure', serial: '0a1b', profile: 'wifi' }),
          );
          await store.addCertificate(
            certificate(2, {
              subject: 'CN=Bob',
              sanText: 'email:bob@example.com',
              transactionId: `of ${certificate(3).serial}`,
            }),
          );
          await store.addCertificate(
            certificate(3, { subject: 'CN=Carol', transactionId: 'TX-0A1B-x', notAfter: at(10) }),
          );
          await store.revoke(certificate(2).thumbprint, 1, audit('revoked'));
        });

        test.each([
          ['part of the subject, any case', 'BOB', ['CN=Bob']],
          ['part of the SAN', 'bob@', ['CN=Bob']],
          ['part of the transactionID', 'X-0A', ['CN=Carol']],
          ['nothing', 'dave', []],
          ['a percent sign is a percent sign', '0%_', ['CN=100%_sure']],
          ['an underscore is an underscore', 'B_b', []],
          ['the serial first', '0a1b', ['CN=100%_sure', 'CN=Carol']],
          ['the serial as tools print it', '0A:1B', ['CN=100%_sure']],
          ['the serial with 0x', '0xa1b', ['CN=100%_sure']],
          ['a long serial, and no more', certificate(3).serial, ['CN=Carol']],
          ['a key id', certificate(3).keyId, ['CN=Carol']],
          ['a thumbprint', certificate(3).thumbprint, ['CN=Carol']],
          [
            'a thumbprint in pairs',
            certificate(3)
              .thumbprint.toLowerCase()
              .replace(/..(?=.)/g, '$&:'),
            ['CN=Carol'],
          ],
          ['a whole transactionID', 'TX-0A1B-x', ['CN=Carol']],
        ])('%s', async (_name, text, expected) => {
          expect(await subjects({ text }, noon)).toEqual(expected);
        });

        test('limited, with the exact one kept', async () => {
          expect(await subjects({ text: '0a1b', limit: 1 }, noon)).toEqual(['CN=100%_sure']);
        });

        test.each([
          ['valid', ['CN=100%_sure']],
          ['expired', ['CN=Carol']],
          ['revoked', ['CN=Bob']],
        ] as const)('state %s', async (state, expected) => {
          expect(await subjects({ state }, at(11))).toEqual(expected);
        });

        test('of a profile', async () => {
          expect(await subjects({ profile: 'wifi' }, noon)).toEqual(['CN=100%_sure']);
          expect(await subjects({ profile: 'wifi', text: 'bob' }, noon)).toEqual([]);
        });
      });
    });

    describe('revoke', () => {
      beforeEach(() => store.addCertificate(certificate(1)));

      test('once, with date, reason, audit and a new version', async () => {
        const { thumbprint } = certificate(1);
        expect(await store.revocationVersion()).toBe(0);
        expect(await store.revoke(thumbprint, 4, audit('revoked', { at: at(7) }))).toBe(true);
        expect(await store.revoke(thumbprint, 1, audit('again'))).toBe(false);
        expect(await store.certificate(thumbprint)).toEqual(
          certificate(1, { revokedAt: at(7), revocationReason: 4 }),
        );
        expect(await store.revocationVersion()).toBe(1);
        expect(await events()).toEqual(['revoked']);
      });

      test('false for a stranger', async () => {
        expect(await store.revoke('F'.repeat(64), 1, audit('e'))).toBe(false);
        expect(await store.revocationVersion()).toBe(0);
      });

      test('lists the revoked of one issuing CA in order', async () => {
        await store.addCertificate(certificate(2));
        await store.addCertificate(certificate(3));
        await store.addCertificate(certificate(4, { issuerDigest: '0'.repeat(64) }));
        await store.revoke(certificate(3).thumbprint, 1, audit('e', { at: at(1) }));
        await store.revoke(certificate(1).thumbprint, 1, audit('e', { at: at(2) }));
        await store.revoke(certificate(4).thumbprint, 1, audit('e', { at: at(3) }));
        const revoked = await store.revoked(certificate(1).issuerDigest);
        expect(revoked.map((record) => record.serial)).toEqual([
          certificate(3).serial,
          certificate(1).serial,
        ]);
      });
    });

    describe('audit', () => {
      test('keeps every field', async () => {
        const full = audit('enrollment.rejected', {
          at: at(5),
          transactionId: 'TX-1',
          challengeId: 'c1',
          subject: 'CN=device-1',
          keyId: 'ab',
          clientAddress: '192.0.2.7',
          actor: 'admin',
          outcome: 'refused',
          code: 'policy.key',
          reason: 'RSA 1024 is too small.',
        });
        await store.appendAudit(full);
        expect(await store.audit({})).toEqual([full]);
      });

      test('newest first, by transactionID, text and limit', async () => {
        await store.appendAudit(audit('one', { transactionId: 'TX-1', reason: '50% off' }));
        await store.appendAudit(
          audit('two', { transactionId: 'TX-2', clientAddress: '2001:db8::1' }),
        );
        await store.appendAudit(audit('three', { transactionId: 'TX-1', outcome: 'error' }));
        const found = async (filter: Parameters<EnrollmentStore['audit']>[0]) =>
          (await store.audit(filter)).map((record) => record.event);
        expect(await found({ transactionId: 'TX-1' })).toEqual(['three', 'one']);
        expect(await found({ transactionId: 'TX-1', text: '50%' })).toEqual(['one']);
        expect(await found({ text: '2001:DB8' })).toEqual(['two']);
        expect(await found({ text: 'k7q2', limit: 2 })).toEqual(['three', 'two']);
      });
    });
  });
}
