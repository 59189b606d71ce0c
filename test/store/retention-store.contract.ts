import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AuditRecord, KeptKind, Stores } from '../../src/store/index.js';
import { at, audit, certificate, challenge, noon, transaction } from './records.js';

type Part = Pick<Stores, 'enrollments' | 'challenges' | 'retention'>;
type Dropped = [kind: KeptKind, rows: readonly number[], before: Date];

/** What every RetentionStore does. `make` gives empty stores. */
export function retentionStoreContract(
  name: string,
  make: () => Promise<{ readonly stores: Part; close(): Promise<void> }>,
): void {
  describe(`RetentionStore contract: ${name}`, () => {
    let stores: Part;
    let close: () => Promise<void>;

    beforeEach(async () => {
      const made = await make();
      stores = made.stores;
      close = () => made.close();
    });
    afterEach(() => close());

    const told = (count: number) => audit(`dropped ${count}`, { at: at(9) });
    const remove = (...[kind, rows, before]: Dropped) =>
      stores.retention.remove(kind, rows, before, told);

    const issued = (thumbprint: string) => ({ kind: 'issued', certificate: thumbprint }) as const;

    test('gives finished requests alone, the oldest first, and drops those', async () => {
      const { enrollments, retention } = stores;
      const rejected = { kind: 'rejected', code: 'x', text: 'no' } as const;
      for (const record of [
        transaction('young', { state: rejected, updatedAt: at(60) }),
        transaction('second', { state: rejected, updatedAt: at(2) }),
        transaction('first', { state: rejected, updatedAt: at(1) }),
        transaction('waiting', { state: { kind: 'awaiting-approval' }, updatedAt: noon }),
      ])
        await enrollments.open(record, undefined);
      const old = await retention.old('transactions', at(60), 10);
      expect(old.map(({ record }) => record.id)).toEqual(['first', 'second']);
      expect(old[0]?.record).toEqual(transaction('first', { state: rejected, updatedAt: at(1) }));
      expect(await retention.old('transactions', at(60), 1)).toHaveLength(1);
      const rows = old.map(({ row }) => row);
      expect(await remove('transactions', rows, at(60))).toBe(2);
      expect(await remove('transactions', rows, at(60))).toBe(0);
      expect(await enrollments.transaction(transaction('first').id)).toBeUndefined();
      expect(await enrollments.transaction(transaction('young').id)).toBeDefined();
      expect(await enrollments.transaction(transaction('waiting').id)).toBeDefined();
    });

    test('what a dropped request has spent stays spent', async () => {
      const { enrollments, challenges, retention } = stores;
      const once = challenge('c1', { expiresAt: undefined });
      await challenges.add(once, 5);
      const record = transaction('t1', { challengeId: once.id });
      await challenges.reserve(once.id, record.id, noon);
      await enrollments.open(record, undefined);
      await challenges.confirm(once.id, record.id);
      await enrollments.conclude({
        transaction: record.id,
        state: issued('AA'),
        audit: undefined,
        now: noon,
      });
      const [old] = await retention.old('transactions', at(1), 5);
      expect(await remove('transactions', [old!.row], at(1))).toBe(1);
      expect(await challenges.isHeld(once.id, record.id)).toBe(false);
      expect(await challenges.reserve(once.id, record.id, noon)).toEqual({
        kind: 'refused',
        reason: 'used',
      });
    });

    test('certificates go by their end, with their bytes; those of no profile stay', async () => {
      const { enrollments, retention } = stores;
      const ended = certificate(1);
      const valid = certificate(2, { notAfter: at(24 * 60 + 1) });
      const ours = certificate(3, { profile: '' });
      for (const record of [ended, valid, ours]) await enrollments.addCertificate(record);
      const before = at(24 * 60 + 1);
      const old = await retention.old('certificates', before, 10);
      expect(old.map(({ record }) => record)).toEqual([ended]);
      expect(await remove('certificates', [old[0]!.row], before)).toBe(1);
      expect(await enrollments.certificate(ended.thumbprint)).toBeUndefined();
      expect(await enrollments.certificate(valid.thumbprint)).toEqual(valid);
      expect(await enrollments.certificate(ours.thumbprint)).toEqual(ours);
      await enrollments.addCertificate(ended);
      expect(await enrollments.certificate(ended.thumbprint)).toEqual(ended);
    });

    test('the audit trail loses its old end, and nothing younger whatever is named', async () => {
      const { enrollments, retention } = stores;
      await enrollments.appendAudit(audit('one'));
      await enrollments.appendAudit(audit('two', { at: at(1) }));
      await enrollments.appendAudit(audit('three', { at: at(2) }));
      const events = async () => (await enrollments.audit({})).map(({ event }) => event);
      const all = await retention.old('audit', at(9), 9);
      expect(all.map(({ record }) => record.event)).toEqual(['one', 'two', 'three']);
      expect(await retention.old('audit', noon, 9)).toEqual([]);
      const rows = all.map(({ row }) => row);
      expect(await remove('audit', rows, at(1))).toBe(1);
      expect(await events()).toEqual(['dropped 1', 'three', 'two']);
      // A clock that was set back takes nothing back.
      expect(await remove('audit', rows, noon)).toBe(0);
      expect(await remove('audit', rows, at(2))).toBe(1);
      expect(await events()).toEqual(['dropped 1', 'dropped 1', 'three']);
    });

    test('what is dropped is told with it, and nothing of nothing', async () => {
      const { enrollments, retention } = stores;
      await enrollments.addCertificate(certificate(1));
      const [old] = await retention.old('certificates', at(24 * 60 + 1), 1);
      const drop = (line: (count: number) => AuditRecord) =>
        retention.remove('certificates', [old!.row], at(24 * 60 + 1), line);
      const failing = () => {
        throw new Error('no line');
      };
      await expect(drop(failing)).rejects.toThrow();
      expect(await enrollments.certificate(certificate(1).thumbprint)).toBeDefined();
      expect(await drop(told)).toBe(1);
      expect(await drop(told)).toBe(0);
      const events = (await enrollments.audit({})).map(({ event }) => event);
      expect(events).toEqual(['dropped 1']);
    });

    test('lines dated by a clock that was ahead do not hide the old ones behind them', async () => {
      const { enrollments, retention } = stores;
      for (const event of ['ahead', 'ahead too']) {
        await enrollments.appendAudit(audit(event, { at: at(9999) }));
      }
      await enrollments.appendAudit(audit('old'));
      await enrollments.appendAudit(audit('young', { at: at(60) }));
      const old = await retention.old('audit', at(60), 2);
      expect(old.map(({ record }) => record.event)).toEqual(['old']);
    });
  });
}
