import { note } from './terminal.js';

const silentMillis = 2_000;
const everyMillis = 10_000;

/** Says on standard error what takes long: after two seconds what it is, then now and then how long. */
export async function withProgress<T>(text: string, work: Promise<T>): Promise<T> {
  const started = Date.now();
  let interval: NodeJS.Timeout | undefined;
  const timer = setTimeout(() => {
    note(`${text} …`);
    interval = setInterval(() => {
      note(`${text}: ${Math.round((Date.now() - started) / 1000)} s`);
    }, everyMillis);
  }, silentMillis);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    clearInterval(interval);
  }
}
