import type { Writable } from 'node:stream';
import { createLogger, format, transports, type Logger } from 'winston';
import { correlationIds } from './correlation-id.js';
import { jsonLine, textLine, type LogLine } from './line-format.js';
import type { Log, LogFields } from './log.types.js';
import { redactedFields } from './redaction.js';

export interface LogOptions {
  /** The least important level that is written. */
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  /** `auto`: text where the destination is a terminal, else JSON lines. */
  readonly format: 'auto' | 'json' | 'text';
  /** Default: standard output. Never closed here. */
  readonly destination?: Writable;
  readonly clock?: () => Date;
}

/**
 * The log of one gateway and the correlation ids of its requests. A line about a request names it in the
 * field `correlationId`: an AsyncLocalStorage would do it by itself, for a tenth of all that an enrollment
 * costs (before Node 24 it makes each promise call back into JavaScript).
 */
export interface Telemetry {
  readonly log: Log;
  /** A fresh id for a request that brings none. */
  readonly newCorrelationId: () => string;
  /** Resolves when everything logged so far has been handed to the destination. */
  readonly close: () => Promise<void>;
}

export function createLog(options: LogOptions): Telemetry {
  const { destination = process.stdout, clock = () => new Date() } = options;
  const render = isText(options.format, destination) ? textLine : jsonLine;
  const logger = lineLogger(options.level, destination);
  const write = (level: LogOptions['level'], message: string, fields: LogFields = {}) => {
    if (!logger.isLevelEnabled(level)) return;
    logger.log(level, render(lineOf(level, message, fields, clock())));
  };
  return {
    log: {
      error: (message, fields) => write('error', message, fields),
      warn: (message, fields) => write('warn', message, fields),
      info: (message, fields) => write('info', message, fields),
      debug: (message, fields) => write('debug', message, fields),
    },
    newCorrelationId: correlationIds(),
    close: () => ended(logger),
  };
}

function lineOf(
  level: string,
  message: string,
  { correlationId, ...fields }: LogFields,
  now: Date,
): LogLine {
  return {
    time: now.toISOString(),
    level,
    message,
    correlationId: typeof correlationId === 'string' ? correlationId : undefined,
    fields: redactedFields(fields),
  };
}

function isText(format: LogOptions['format'], destination: Writable): boolean {
  if (format !== 'auto') return format === 'text';
  return 'isTTY' in destination && destination.isTTY === true;
}

/** winston carries finished lines: levels, buffering and transports are its part. */
function lineLogger(level: string, destination: Writable): Logger {
  return createLogger({
    level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: format.printf(({ message }) => String(message)),
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston types its transports as interfaces
    transports: [new transports.Stream({ stream: destination, eol: '\n' })],
  });
}

function ended(logger: Logger): Promise<void> {
  return new Promise((resolve) => {
    logger.once('finish', () => resolve());
    logger.end();
  });
}
