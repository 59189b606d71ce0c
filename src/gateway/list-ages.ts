import { openAddressLists } from '../access/index.js';
import type { GatewayConfig } from '../config/index.js';

/** An address list, and how current it is. */
export interface ListAge {
  readonly name: string;
  readonly entries: number;
  /** `2026-11-01`. */
  readonly date: string;
  readonly ageDays: number;
  /** Older than this it is old. */
  readonly maxAgeDays: number;
  readonly old: boolean;
}

const dayMillis = 86_400_000;

/** @throws GatewayError `config.unreadable` when a list cannot be used */
export async function listAges(
  { access }: Pick<GatewayConfig, 'access'>,
  clock: () => Date,
): Promise<readonly ListAge[]> {
  const files = Object.entries(access.lists).map(([name, list]) => ({ name, ...list }));
  const lists = await openAddressLists({ files, clock, report: () => undefined });
  return lists.all().map(({ name, size, date }) => {
    const ageDays = Math.floor((clock().getTime() - date.getTime()) / dayMillis);
    const maxAgeDays = access.lists[name]?.maxAgeDays ?? Infinity;
    return {
      name,
      entries: size,
      date: date.toISOString().slice(0, 10),
      ageDays,
      maxAgeDays,
      old: ageDays > maxAgeDays,
    };
  });
}
