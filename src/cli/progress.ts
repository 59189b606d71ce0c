import { note } from './terminal.js';

const silentMillis = 2_000;
const everyMillis = 10_000;

/**
 * Says on standard error what takes long: after two seconds what it is, then now and then how long.
 * @param state how far it is, where that is known
 */
export async function withProgress<T>(
  text: string,
  work: Promise<T>,
  state: () => string = () => '',
): Promise<T> {
  const started = Date.now();
  let interval: NodeJS.Timeout | undefined;
  const timer = setTimeout(() => {
    note(`${text} …${state()}`);
    interval = setInterval(() => {
      note(`${text}: ${Math.round((Date.now() - started) / 1000)} s${state()}`);
    }, everyMillis);
  }, silentMillis);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    clearInterval(interval);
  }
}
