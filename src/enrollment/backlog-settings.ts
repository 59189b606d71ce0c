import type { BacklogSettings } from './backlog.types.js';

const second = 1000;
const hour = 3_600_000;

/** What the configuration says when it says nothing (src/config/backlog-schema.ts). */
export const defaultBacklogSettings: BacklogSettings = {
  retry: { firstMillis: 15 * second, longestMillis: 600 * second },
  poll: { firstMillis: 30 * second, longestMillis: 900 * second },
  breakerFailures: 3,
  parallel: 4,
  overdueMillis: 24 * hour,
  dropMillis: 168 * hour,
};
